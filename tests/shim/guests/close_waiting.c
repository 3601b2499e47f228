// Closing a descriptor on which a real thread waits: that thread goes on waiting, as the system has it, and gets what comes; the number is
// free at once. shutdown ends such a wait.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "net.h"

struct wait {
    int fd;
    char text[8];
    ssize_t got;
    int error;
};

static void* wait_for_data(void* argument) {
    struct wait* wait = argument;
    wait->got = read(wait->fd, wait->text, sizeof wait->text - 1);
    wait->error = errno;
    return NULL;
}

static void* wait_for_peer(void* argument) {
    struct wait* wait = argument;
    wait->got = accept(wait->fd, NULL, NULL);
    wait->error = errno;
    return NULL;
}

static void closed_while_reading(int reader, int writer) {
    struct wait wait = {.fd = reader};
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_data, &wait);
    rest(150);
    SHOW(close(reader));
    SHOW(close(reader));
    const int file = open("/dev/null", O_RDWR);
    SHOW(file == reader);
    rest(100);
    SHOW(write(writer, "data", 4));
    pthread_join(thread, NULL);
    SHOW(wait.got);
    puts(wait.text);
    SHOW(close(file));
    SHOW(close(writer));
}

static void shut_down(void) {
    int ends[2];
    pthread_t thread;
    tcp_pair(ends);
    struct wait wait = {.fd = ends[0]};
    pthread_create(&thread, NULL, wait_for_data, &wait);
    rest(150);
    SHOW(shutdown(ends[0], SHUT_RD));
    pthread_join(thread, NULL);
    SHOW(wait.got);
    close(ends[0]);
    close(ends[1]);

    wait.fd = bound_socket(SOCK_STREAM);
    pthread_create(&thread, NULL, wait_for_peer, &wait);
    rest(150);
    SHOW(shutdown(wait.fd, SHUT_RDWR));
    pthread_join(thread, NULL);
    SHOW(wait.got);
    SHOW_ERROR(wait.error);
    close(wait.fd);
}

/// What is closed twice, and used after that, by the one thread that there is.
static void plainly(void) {
    int ends[2];
    char text[4];
    MUST(pipe(ends));
    SHOW(close(ends[0]));
    SHOW(close(ends[0]));
    SHOW(read(ends[0], text, 1));
    struct pollfd look = {.fd = ends[0], .events = POLLIN};
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLNVAL);
    int again[2];
    MUST(pipe(again));
    SHOW(again[0] == ends[0]);
    MUST(write(again[1], "new", 3));
    SHOW(read(ends[0], text, 3));
    close(again[0]);
    close(again[1]);
    close(ends[1]);
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    closed_while_reading(ends[0], ends[1]);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    closed_while_reading(ends[0], ends[1]);
    shut_down();
    plainly();
    return 0;
}
