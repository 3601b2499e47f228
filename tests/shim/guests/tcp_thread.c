// guest: many
// A TCP server and clients that are threads: accept4 and its flags, much data against a slow reader, a half close, a reset.
#include <fcntl.h>
#include <pthread.h>

#include "net.h"

enum { amount = 1 << 23 };

/// Connects late, reads slowly until the end, sends back how much that was.
static void* slow_client(void* server) {
    static __thread char piece[65536];
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    rest(200);
    MUST(connect(fd, (const struct sockaddr*)server, sizeof(struct sockaddr_in)));
    rest(200);
    int total = 0;
    for (ssize_t got; (got = recv(fd, piece, sizeof piece, 0)) > 0;) {
        total += (int)got;
    }
    MUST(send(fd, &total, sizeof total, 0));
    close(fd);
    return NULL;
}

/// Goes away without having read what it was sent, which makes the system reset the connection.
static void reset(int ends[2]) {
    char text[8];
    tcp_pair(ends);
    MUST(send(ends[0], "unread", 6, 0));
    MUST(recv(ends[1], text, 1, MSG_PEEK));
    SHOW(close(ends[1]));
    SHOW(recv(ends[0], text, sizeof text, 0));
    SHOW(recv(ends[0], text, sizeof text, 0));
    SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
    SHOW(close(ends[0]));
}

int main(void) {
    const int listener = bound_socket(SOCK_STREAM);
    struct sockaddr_in address = bound(listener);
    const int little = 65536;
    pthread_t thread;
    MUST(setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &little, sizeof little));
    SHOW_ERROR(pthread_create(&thread, NULL, slow_client, &address));
    const long long begin = microseconds();
    int fd = -1;
    SHOW_FD(fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    show_elapsed(100, begin);
    SHOW((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    SHOW((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);

    char* data = calloc(1, amount);
    SHOW_WAIT(100, send(fd, data, amount, 0));
    free(data);
    SHOW(shutdown(fd, SHUT_WR));
    SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
    int total = 0;
    SHOW(recv(fd, &total, sizeof total, MSG_WAITALL));
    SHOW(total == amount);
    SHOW(recv(fd, &total, sizeof total, 0));
    pthread_join(thread, NULL);
    SHOW(close(fd));

    SHOW(accept4(listener, NULL, NULL, 1));
    SHOW(fcntl(listener, F_SETFL, O_NONBLOCK));
    SHOW(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(client, (const struct sockaddr*)&address, sizeof address));
    SHOW_FD(fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK));
    SHOW((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    SHOW((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    SHOW(recv(fd, &total, sizeof total, 0));
    SHOW(close(client));
    SHOW(close(fd));
    SHOW(close(listener));
    int ends[2];
    reset(ends);
    return 0;
}
