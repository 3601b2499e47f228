// What signal handlers may do: read and write in them, poll, wait for a child, send signals; jump out of them.
// guest: hub waits: calls in a handler do
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "guest.h"

static int inside[2];
static volatile long results[8];
static volatile sig_atomic_t runs;
static sigjmp_buf back;

/// A whole conversation, in a handler, with errno put back as handlers do.
static void talk(int number) {
    char text[8];
    const int before = errno;
    struct pollfd look = {inside[0], POLLIN, 0};
    (void)number;
    results[0] = poll(&look, 1, 0);
    results[1] = write(inside[1], "hello", 5);
    results[2] = poll(&look, 1, -1);
    results[3] = read(inside[0], text, sizeof text);
    results[4] = read(-1, text, sizeof text);
    results[5] = errno;
    results[6] = send(inside[1], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    results[7] = recv(inside[0], text, sizeof text, 0);
    ++runs;
    errno = before;
}

/// A wait in a handler holds up its thread, and ends.
static void wait_inside(int number) {
    struct pollfd look = {inside[0], POLLIN, 0};
    const struct timespec brief = {0, 60000000};
    (void)number;
    results[0] = poll(&look, 1, 60);
    results[1] = nanosleep(&brief, NULL);
    const pid_t child = fork();
    if (child == 0) {
        _exit(3);
    }
    int status = -1;
    results[2] = waitpid(child, &status, 0) == child;
    results[3] = WEXITSTATUS(status);
    ++runs;
}

static void jump(int number) { siglongjmp(back, number); }

static void show_results(int count) {
    for (int i = 0; i < count; ++i) {
        printf("%ld ", results[i]);
    }
    printf("runs %d\n", (int)runs);
}

static void set(int number, void (*handler)(int), int flags) {
    const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    MUST(sigaction(number, &action, NULL));
}

static void jumps(void) {
    char text[8];
    int from;
    set(SIGUSR1, jump, 0);
    if ((from = sigsetjmp(back, 1)) == 0) {
        raise(SIGUSR1);
        puts("not reached");
    }
    SHOW(from == SIGUSR1);
    sigset_t now;
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now));
    SHOW(sigismember(&now, SIGUSR1));
    for (volatile int i = 0; i < 3; ++i) {
        if (sigsetjmp(back, 1) == 0) {
            MUST(write(inside[1], "abc", 3));
            raise(SIGUSR1);
        }
        SHOW(read(inside[0], text, sizeof text));
    }
}

int main(void) {
    char text[8];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, inside));
    set(SIGUSR1, talk, 0);
    errno = 77;
    raise(SIGUSR1);
    SHOW(runs);
    show_results(8);
    SHOW(kill(getpid(), 0));
    // In the middle of other calls, too: each gives what it would have given.
    for (int i = 0; i < 3; ++i) {
        SHOW(write(inside[1], "ab", 2));
        SHOW(read(inside[0], text, 1));
        SHOW(read(inside[0], text, 1));
        raise(SIGUSR1);
    }
    show_results(8);
    runs = 0;
    set(SIGUSR1, wait_inside, 0);
    SHOW_WAIT(120, raise(SIGUSR1));
    show_results(4);
    jumps();
    SHOW(close(inside[0]));
    SHOW(close(inside[1]));
    return 0;
}
