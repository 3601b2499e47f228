/* Echo server with one thread per connection: blocking calls, small stacks. */
#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static int send_all(int fd, const char* bytes, size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) {
            return -1;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static void* serve(void* argument) {
    const int fd = (int)(intptr_t)argument;
    char buffer[ECHO_BUFFER_BYTES];
    for (;;) {
        const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0 || send_all(fd, buffer, (size_t)got) != 0) {
            break;
        }
    }
    close(fd);
    return NULL;
}

int main(int argc, char** argv) {
    const int listener = echo_listen(echo_port_argument(argc, argv, "POSIX threads"), 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            if (!echo_accept_can_go_on()) {
                echo_die("accept4");
            }
            continue;
        }
        echo_socket_options(fd);
        pthread_t thread;
        if (pthread_create(&thread, &attributes, serve, (void*)(intptr_t)fd) != 0) {
            close(fd);
        }
    }
}
