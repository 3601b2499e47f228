/* Echo server written by hand on epoll: the limit that the others are measured against.
 *
 * Level-triggered, so that one recv per event suffices and no EAGAIN is ever provoked; one buffer for all
 * connections, which stays in the first-level cache; at most 64 events per epoll_wait, since larger batches
 * push the sockets that the kernel has just touched out of the cache before they are read (measured). */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_EVENTS = 64 };

/* What a short write left over; the connection is not read again before it is sent. */
struct backlog {
    char* bytes;
    size_t begin;
    size_t end;
};

static int poller;
static int listener;
static struct backlog* backlogs; /* by descriptor; bytes is NULL while nothing is left over */
static size_t backlog_count;
static char buffer[ECHO_BUFFER_BYTES];

static void watch(int operation, int fd, unsigned events) {
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (epoll_ctl(poller, operation, fd, &event) != 0) {
        echo_die("epoll_ctl");
    }
}

static void make_room_for(int fd) {
    if ((size_t)fd < backlog_count) {
        return;
    }
    const size_t count = (size_t)fd * 2 + 64;
    backlogs = realloc(backlogs, count * sizeof *backlogs);
    if (backlogs == NULL) {
        echo_die("realloc");
    }
    memset(backlogs + backlog_count, 0, (count - backlog_count) * sizeof *backlogs);
    backlog_count = count;
}

static void accept_all(void) {
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (!echo_accept_can_go_on()) {
                echo_die("accept4");
            }
            return;
        }
        echo_socket_options(fd);
        make_room_for(fd);
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

static void drop(int fd) {
    free(backlogs[fd].bytes);
    memset(&backlogs[fd], 0, sizeof backlogs[fd]);
    close(fd);
}

static void keep_for_later(int fd, const char* bytes, size_t size) {
    struct backlog* left = &backlogs[fd];
    left->bytes = malloc(size);
    if (left->bytes == NULL) {
        drop(fd);
        return;
    }
    memcpy(left->bytes, bytes, size);
    left->begin = 0;
    left->end = size;
    watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void echo(int fd) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            drop(fd);
        }
        return;
    }
    ssize_t sent = send(fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent == got) {
        return;
    }
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(fd);
            return;
        }
        sent = 0;
    }
    keep_for_later(fd, buffer + sent, (size_t)(got - sent));
}

static void send_the_rest(int fd) {
    struct backlog* left = &backlogs[fd];
    const ssize_t sent = send(fd, left->bytes + left->begin, left->end - left->begin, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(fd);
        }
        return;
    }
    left->begin += (size_t)sent;
    if (left->begin == left->end) {
        free(left->bytes);
        left->bytes = NULL;
        watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    }
}

int main(int argc, char** argv) {
    listener = echo_listen(echo_port_argument(argc, argv, "epoll, GCC " __VERSION__), 1);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) {
        echo_die("epoll_create1");
    }
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    struct epoll_event events[MAX_EVENTS];
    for (;;) {
        const int count = epoll_wait(poller, events, MAX_EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            echo_die("epoll_wait");
        }
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == listener) {
                accept_all();
            } else if (backlogs[fd].bytes != NULL) {
                send_the_rest(fd);
            } else {
                echo(fd);
            }
        }
    }
}
