// Writing where nobody reads: SIGPIPE, EPIPE, also in the middle of a write and on sockets; what a closed end means to poll.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "guest.h"

static volatile sig_atomic_t signals;

static void count(int number) {
    (void)number;
    ++signals;
}

/// How a child ends that does nothing about it.
static void killed_by_it(void) {
    int ends[2];
    int status = 0;
    MUST(pipe(ends));
    close(ends[0]);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        const ssize_t written = write(ends[1], "x", 1);
        _exit(written == -1 ? 1 : 2);
    }
    MUST(waitpid(child, &status, 0));
    printf("a child: killed by SIGPIPE: %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    close(ends[1]);
}

static void* close_late(void* fd) {
    rest(150);
    close(*(int*)fd);
    return NULL;
}

/// The reader goes away in the middle: what was taken counts, the next call fails.
static void in_the_middle(void) {
    int ends[2];
    pthread_t thread;
    static const char much[200000];
    MUST(pipe(ends));
    signals = 0;
    pthread_create(&thread, NULL, close_late, &ends[0]);
    const ssize_t written = write(ends[1], much, sizeof much);
    printf("written: %s, signals: %d\n", written == 65536 ? "one pipe full" : "another amount", (int)signals);
    pthread_join(thread, NULL);
    SHOW(write(ends[1], much, 1));
    SHOW(signals);
    SHOW(close(ends[1]));
}

static void sockets(void) {
    int ends[2];
    struct iovec piece = {"x", 1};
    const struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    MUST(close(ends[0]));
    signals = 0;
    SHOW(send(ends[1], "x", 1, MSG_NOSIGNAL));
    SHOW(sendmsg(ends[1], &message, MSG_NOSIGNAL));
    SHOW(signals);
    SHOW(send(ends[1], "x", 1, 0));
    SHOW(write(ends[1], "x", 1));
    SHOW(writev(ends[1], &piece, 1));
    SHOW(signals);
    SHOW(close(ends[1]));
}

int main(void) {
    int ends[2];
    killed_by_it();
    const struct sigaction counted = {.sa_handler = count};
    SHOW(sigaction(SIGPIPE, &counted, NULL));
    MUST(pipe(ends));
    MUST(close(ends[0]));
    SHOW(write(ends[1], "x", 1));
    SHOW(write(ends[1], "x", 0));
    SHOW(signals);
    struct pollfd look = {.fd = ends[1], .events = POLLOUT};
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == (POLLOUT | POLLERR));
    SHOW(close(ends[1]));
    in_the_middle();
    sockets();
    signal(SIGPIPE, SIG_IGN);
    MUST(pipe(ends));
    MUST(close(ends[0]));
    SHOW(write(ends[1], "x", 1));
    SHOW(close(ends[1]));
    return 0;
}
