// sigwait, sigwaitinfo, sigtimedwait and sigsuspend: signals from here and from a child, with and without a limit of time.
#include <signal.h>
#include <sys/wait.h>

#include "guest.h"

static volatile sig_atomic_t caught;

static void note(int number) { caught = number; }

static pid_t signal_from_child(int number, int value) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        rest(200);
        sigqueue(getppid(), number, (union sigval){.sival_int = value});
        _exit(0);
    }
    return child;
}

static void taken(const sigset_t* set) {
    int number = 0;
    siginfo_t info;
    pid_t child = signal_from_child(SIGUSR1, 0);
    SHOW_ERROR_WAIT(100, sigwait(set, &number));
    SHOW(number == SIGUSR1);
    MUST(waitpid(child, NULL, 0));
    child = signal_from_child(SIGRTMIN, 42);
    SHOW_WAIT(100, sigwaitinfo(set, &info) == SIGRTMIN);
    SHOW(info.si_value.sival_int);
    SHOW(info.si_pid == child && info.si_code == SI_QUEUE);
    MUST(waitpid(child, NULL, 0));
    raise(SIGUSR2);
    raise(SIGUSR1);
    SHOW_ERROR(sigwait(set, &number));
    SHOW(number == SIGUSR1);
    SHOW_ERROR(sigwait(set, &number));
    SHOW(number == SIGUSR2);
    for (int i = 1; i <= 3; ++i) {
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
    }
    for (int i = 0; i < 3; ++i) {
        SHOW(sigwaitinfo(set, &info) == SIGRTMIN);
        SHOW(info.si_value.sival_int);
    }
}

static void limited(const sigset_t* set) {
    siginfo_t info;
    const struct timespec brief = {0, 150000000}, zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0},
                          long_time = {5, 0};
    SHOW_WAIT(150, sigtimedwait(set, &info, &brief));
    SHOW(sigtimedwait(set, NULL, &zero));
    SHOW(sigtimedwait(set, NULL, &bad));
    SHOW(sigtimedwait(set, NULL, &negative));
    raise(SIGUSR1);
    SHOW(sigtimedwait(set, &info, &zero) == SIGUSR1);
    SHOW(info.si_pid == getpid());
    const pid_t child = signal_from_child(SIGUSR2, 0);
    SHOW_WAIT(100, sigtimedwait(set, &info, &long_time) == SIGUSR2);
    MUST(waitpid(child, NULL, 0));
}

/// Other signals than those that are waited for have their handlers called.
static void handled(void) {
    sigset_t all_but_one, before;
    const struct sigaction noted = {.sa_handler = note};
    MUST(sigaction(SIGUSR1, &noted, NULL));
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &before));
    sigfillset(&all_but_one);
    sigdelset(&all_but_one, SIGUSR1);
    raise(SIGUSR1);
    SHOW(caught);
    SHOW(sigsuspend(&all_but_one));
    SHOW(caught == SIGUSR1);
    sigset_t pending;
    MUST(sigpending(&pending));
    SHOW(sigismember(&pending, SIGUSR1));
    sigset_t now;
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now));
    SHOW(memcmp(&now, &before, 8) == 0);
}

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN);
    MUST(pthread_sigmask(SIG_BLOCK, &set, NULL));
    taken(&set);
    limited(&set);
    handled();
    return 0;
}
