// close_range and closefrom: what lies within is closed or marked, what does not stays; the sockets that are left still work.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "guest.h"

static int is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

/// Pairs of sockets at 200 to 219.
static void fill(void) {
    for (int fd = 200; fd < 220; fd += 2) {
        int ends[2];
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
        MUST(dup2(ends[0], fd));
        MUST(dup2(ends[1], fd + 1));
        close(ends[0]);
        close(ends[1]);
    }
}

static void show_open(void) {
    for (int fd = 198; fd < 222; ++fd) {
        putchar(!is_open(fd) ? '.' : fcntl(fd, F_GETFD) == FD_CLOEXEC ? 'c' : 'o');
    }
    putchar('\n');
}

static int waits_and_talks(int a, int b) {
    char byte = 0;
    struct pollfd look = {a, POLLIN, 0};
    rest(20);
    return poll(&look, 1, 20) == 0 && write(b, "x", 1) == 1 && read(a, &byte, 1) == 1 && byte == 'x';
}

int main(void) {
    char text[4];
    fill();
    show_open();
    SHOW(close_range(204, 207, 0));
    show_open();
    SHOW(read(204, text, 1));
    SHOW(close_range(204, 207, 0));
    SHOW(close_range(210, 211, CLOSE_RANGE_CLOEXEC));
    show_open();
    SHOW(waits_and_talks(210, 211));
    SHOW(close_range(208, 207, 0));
    SHOW(close_range(208, 209, 1 << 20));
    SHOW(close_range(208, 208, CLOSE_RANGE_UNSHARE));
    show_open();
    SHOW(read(209, text, 1));
    SHOW(waits_and_talks(200, 201));

    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        closefrom(3);
        _exit(is_open(200) || is_open(219) || !is_open(1) ? 1 : 5);
    }
    int status = -1;
    MUST(waitpid(child, &status, 0));
    SHOW(WEXITSTATUS(status));
    closefrom(216);
    show_open();
    SHOW(close_range(214, ~0U, 0));
    show_open();
    SHOW(waits_and_talks(212, 213));
    fill();
    SHOW(waits_and_talks(218, 219));
    fflush(stdout);
    closefrom(-5);
    return is_open(0) || is_open(1) || is_open(218);
}
