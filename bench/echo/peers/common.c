/* The shared part of the C and C++ peers, see common.h. */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

void echo_die(const char* what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

int echo_port_argument(int argc, char** argv, const char* version) {
    if (argc < 2) {
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(version);
        exit(0);
    }
    char* end = NULL;
    const long port = strtol(argv[1], &end, 10);
    if (argc > 2 || end == argv[1] || *end != '\0' || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s [PORT]   PORT is 0 to 65535, 0 lets the system pick\n", argv[0]);
        exit(2);
    }
    return (int)port;
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void echo_announce(int port) {
    printf("listening on 127.0.0.1:%d\n", port);
    fflush(stdout);
}

int echo_listen(int port, int nonblocking) {
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
    if (fd < 0) {
        echo_die("socket");
    }
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr*)&address, length) != 0) {
        echo_die("bind");
    }
    if (listen(fd, ECHO_BACKLOG) != 0) {
        echo_die("listen");
    }
    if (getsockname(fd, (struct sockaddr*)&address, &length) != 0) {
        echo_die("getsockname");
    }
    echo_announce(ntohs(address.sin_port));
    return fd;
}

void echo_socket_options(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int echo_accept_can_go_on(void) {
    switch (errno) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            usleep(10 * 1000);
            return 1;
        case EAGAIN:
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
            return 1;
        default:
            return 0;
    }
}
