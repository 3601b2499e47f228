// Signal masks of ppoll, pselect and epoll_pwait: a pending signal that they let in ends the call with EINTR, after its handler; one that
// they keep out stays where it is; the mask is the old one afterwards.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "guest.h"

static volatile sig_atomic_t caught;

static void count(int number) {
    (void)number;
    ++caught;
}

static int blocked(int number) {
    sigset_t now;
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now));
    return sigismember(&now, number);
}

static int pending(int number) {
    sigset_t now;
    MUST(sigpending(&now));
    return sigismember(&now, number);
}

static const struct timespec brief = {0, 150000000}, zero;

static void with_poll(const sigset_t* open, const sigset_t* closed) {
    int ends[2];
    MUST(pipe(ends));
    struct pollfd look = {ends[0], POLLIN, 0};
    raise(SIGUSR1);
    SHOW_WAIT(150, ppoll(&look, 1, &brief, closed));
    SHOW(caught);
    SHOW_WAIT(150, ppoll(&look, 1, &brief, NULL));
    SHOW(pending(SIGUSR1));
    SHOW(ppoll(&look, 1, NULL, open));
    SHOW(caught);
    SHOW(pending(SIGUSR1));
    SHOW(blocked(SIGUSR1));
    SHOW_WAIT(150, ppoll(&look, 1, &brief, open));
    raise(SIGUSR1);
    SHOW(ppoll(NULL, 0, &brief, open));
    SHOW(caught);
    raise(SIGUSR1);
    SHOW(ppoll(&look, 1, &zero, open));
    SHOW(caught);
    MUST(write(ends[1], "x", 1));
    SHOW(ppoll(&look, 1, NULL, open));
    SHOW(caught + pending(SIGUSR1));
    close(ends[0]);
    close(ends[1]);
}

static void with_select(const sigset_t* open, const sigset_t* closed) {
    caught = 0;
    raise(SIGUSR1);
    SHOW_WAIT(150, pselect(0, NULL, NULL, NULL, &brief, closed));
    SHOW(caught);
    SHOW(pselect(0, NULL, NULL, NULL, NULL, open));
    SHOW(caught);
    SHOW(blocked(SIGUSR1));
    SHOW_WAIT(150, pselect(0, NULL, NULL, NULL, &brief, open));
}

static void with_epoll(const sigset_t* open, const sigset_t* closed) {
    struct epoll_event event;
    const int set = epoll_create1(EPOLL_CLOEXEC);
    caught = 0;
    raise(SIGUSR1);
    SHOW_WAIT(150, epoll_pwait(set, &event, 1, 150, closed));
    SHOW_WAIT(150, epoll_pwait(set, &event, 1, 150, NULL));
    SHOW(caught);
    SHOW(epoll_pwait(set, &event, 1, -1, open));
    SHOW(caught);
    SHOW(blocked(SIGUSR1));
    SHOW_WAIT(150, epoll_pwait2(set, &event, 1, &brief, open));
    raise(SIGUSR1);
    SHOW(epoll_pwait2(set, &event, 1, NULL, open));
    SHOW(caught);
    close(set);
}

int main(void) {
    sigset_t open, closed;
    const struct sigaction counted = {.sa_handler = count, .sa_flags = SA_RESTART};
    MUST(sigaction(SIGUSR1, &counted, NULL));
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &open));
    closed = open;
    sigaddset(&closed, SIGUSR1);
    MUST(pthread_sigmask(SIG_SETMASK, &closed, NULL));
    with_poll(&open, &closed);
    with_select(&open, &closed);
    with_epoll(&open, &closed);
    return 0;
}
