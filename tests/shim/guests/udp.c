// guest: many
// Datagrams: peeked at, cut off, empty, too long, from a stranger; a connected socket whose peer is gone.
#include <pthread.h>

#include "net.h"

static void* late_sender(void* to) {
    const int fd = bound_socket(SOCK_DGRAM);
    rest(200);
    MUST(sendto(fd, "late", 4, 0, (const struct sockaddr*)to, sizeof(struct sockaddr_in)));
    close(fd);
    return NULL;
}

static void receive(int from, int to) {
    char text[16];
    SHOW(recv(to, text, sizeof text, MSG_DONTWAIT));
    SHOW(send(from, "0123456789", 10, 0));
    SHOW(recv(to, text, 4, MSG_PEEK));
    SHOW(recv(to, text, 4, MSG_PEEK | MSG_TRUNC));
    SHOW(recv(to, text, 0, MSG_PEEK));
    SHOW(recv(to, text, 4, MSG_TRUNC));
    SHOW(recv(to, text, 4, MSG_DONTWAIT));
    SHOW(send(from, "0123456789", 10, 0));
    struct iovec piece = {text, 6};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    SHOW(recvmsg(to, &message, 0));
    SHOW(message.msg_flags == MSG_TRUNC);
    SHOW(recvmsg(to, &message, MSG_DONTWAIT));
    SHOW(send(from, "", 0, 0));
    SHOW(recv(to, text, sizeof text, 0));
    SHOW(write(from, "abc", 3));
    SHOW(read(to, text, 2));
    SHOW(recv(to, text, sizeof text, MSG_DONTWAIT));
}

int main(void) {
    const int server = bound_socket(SOCK_DGRAM);
    const int client = bound_socket(SOCK_DGRAM);
    struct sockaddr_in address = bound(server);
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    SHOW(send(client, "x", 1, 0));
    SHOW(connect(client, (const struct sockaddr*)&address, sizeof address));
    receive(client, server);

    pthread_t thread;
    char text[16] = "";
    pthread_create(&thread, NULL, late_sender, &address);
    SHOW_WAIT(100, recvfrom(server, text, sizeof text, 0, (struct sockaddr*)&peer, &size));
    printf("%s, from another than the client: %d\n", text, peer.sin_port != bound(client).sin_port);
    pthread_join(thread, NULL);
    SHOW(send(client, "mine", 4, 0));
    SHOW(recvfrom(server, text, sizeof text, 0, (struct sockaddr*)&peer, &size));
    SHOW(peer.sin_port == bound(client).sin_port);

    char* much = calloc(1, 70000);
    SHOW(send(client, much, 70000, 0));
    free(much);
    SHOW(sendto(server, "back", 4, 0, (const struct sockaddr*)&peer, sizeof peer));
    SHOW(recv(client, text, sizeof text, MSG_WAITALL));
    SHOW(sendto(server, "stranger", 8, 0, (const struct sockaddr*)&address, sizeof address));
    SHOW(recv(client, text, sizeof text, MSG_DONTWAIT));
    SHOW(shutdown(client, SHUT_WR));
    SHOW(send(client, "x", 1, MSG_NOSIGNAL));
    SHOW(close(client));

    const struct sockaddr_in nobody = closed_port();
    SHOW(connect(server, (const struct sockaddr*)&nobody, sizeof nobody));
    SHOW(send(server, "x", 1, 0));
    SHOW(recv(server, text, sizeof text, 0));
    SHOW(recv(server, text, sizeof text, MSG_DONTWAIT));
    SHOW(close(server));
    return 0;
}
