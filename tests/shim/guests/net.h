// Sockets for the guests: on loopback, at ports that the system chooses.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "guest.h"

/// 127.0.0.1 at `port`, in network order.
static inline struct sockaddr_in loopback(in_port_t port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = port;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// The address that a socket is bound to.
static inline struct sockaddr_in bound(int socket) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    MUST(getsockname(socket, (struct sockaddr*)&address, &size));
    return address;
}

/// A socket at a free port, without a peer; a listener where it is SOCK_STREAM.
static inline int bound_socket(int type) {
    const struct sockaddr_in any = loopback(0);
    const int made = socket(AF_INET, type, 0);
    MUST(made);
    MUST(bind(made, (const struct sockaddr*)&any, sizeof any));
    if (type == SOCK_STREAM) {
        MUST(listen(made, 16));
    }
    return made;
}

/// Where nobody listens: a port that the system gives to nobody.
static inline struct sockaddr_in closed_port(void) { return loopback(htons(1)); }

/// ends[0] was accepted, ends[1] connected.
static inline void tcp_pair(int ends[2]) {
    const int listener = bound_socket(SOCK_STREAM);
    const struct sockaddr_in address = bound(listener);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    MUST(connect(ends[1], (const struct sockaddr*)&address, sizeof address));
    ends[0] = accept(listener, NULL, NULL);
    MUST(ends[0]);
    close(listener);
}
