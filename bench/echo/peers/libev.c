/* Echo server on plain libev callbacks: one read watcher per connection, a write watcher only after a short
 * write. */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <ev.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    ev_io readable;
    ev_io writable;
    char* left; /* what a short write left over; not read again before it is sent */
    size_t begin;
    size_t end;
};

static char buffer[ECHO_BUFFER_BYTES];

static void drop(struct ev_loop* loop, struct connection* connection) {
    ev_io_stop(loop, &connection->readable);
    ev_io_stop(loop, &connection->writable);
    close(connection->readable.fd);
    free(connection->left);
    free(connection);
}

static void keep_for_later(struct ev_loop* loop, struct connection* connection, const char* bytes,
                           size_t size) {
    connection->left = malloc(size);
    if (connection->left == NULL) {
        drop(loop, connection);
        return;
    }
    memcpy(connection->left, bytes, size);
    connection->begin = 0;
    connection->end = size;
    ev_io_stop(loop, &connection->readable);
    ev_io_start(loop, &connection->writable);
}

static void on_readable(struct ev_loop* loop, ev_io* watcher, int events) {
    (void)events;
    struct connection* connection = (struct connection*)watcher->data;
    const ssize_t got = recv(watcher->fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            drop(loop, connection);
        }
        return;
    }
    ssize_t sent = send(watcher->fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent == got) {
        return;
    }
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(loop, connection);
            return;
        }
        sent = 0;
    }
    keep_for_later(loop, connection, buffer + sent, (size_t)(got - sent));
}

static void on_writable(struct ev_loop* loop, ev_io* watcher, int events) {
    (void)events;
    struct connection* connection = (struct connection*)watcher->data;
    const ssize_t sent = send(watcher->fd, connection->left + connection->begin,
                              connection->end - connection->begin, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(loop, connection);
        }
        return;
    }
    connection->begin += (size_t)sent;
    if (connection->begin == connection->end) {
        free(connection->left);
        connection->left = NULL;
        ev_io_stop(loop, &connection->writable);
        ev_io_start(loop, &connection->readable);
    }
}

static void on_connection(struct ev_loop* loop, ev_io* watcher, int events) {
    (void)events;
    for (;;) {
        const int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (!echo_accept_can_go_on()) {
                echo_die("accept4");
            }
            return;
        }
        struct connection* connection = calloc(1, sizeof *connection);
        if (connection == NULL) {
            close(fd);
            return;
        }
        echo_socket_options(fd);
        ev_io_init(&connection->readable, on_readable, fd, EV_READ);
        ev_io_init(&connection->writable, on_writable, fd, EV_WRITE);
        connection->readable.data = connection;
        connection->writable.data = connection;
        ev_io_start(loop, &connection->readable);
    }
}

int main(int argc, char** argv) {
    char version[32];
    snprintf(version, sizeof version, "libev %d.%d", ev_version_major(), ev_version_minor());
    const int listener = echo_listen(echo_port_argument(argc, argv, version), 1);
    struct ev_loop* loop = ev_default_loop(EVBACKEND_EPOLL);
    if (loop == NULL) {
        echo_die("ev_default_loop");
    }
    ev_io acceptor;
    ev_io_init(&acceptor, on_connection, listener, EV_READ);
    ev_io_start(loop, &acceptor);
    ev_run(loop, 0);
    return 1;
}
