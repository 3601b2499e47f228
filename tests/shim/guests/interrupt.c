// A signal whose handler returns in the middle of a wait: EINTR without SA_RESTART, the rest of the time from sleep; with SA_RESTART those
// calls that can be begun anew go on waiting, others end all the same.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "guest.h"

static volatile sig_atomic_t runs;

static void count(int number) {
    (void)number;
    ++runs;
}

static void set(int flags) {
    const struct sigaction action = {.sa_handler = count, .sa_flags = flags};
    MUST(sigaction(SIGALRM, &action, NULL));
}

static void in_a_moment(void) {
    const struct itimerval moment = {.it_value = {0, 150000}};
    MUST(setitimer(ITIMER_REAL, &moment, NULL));
}

static void* write_late(void* to) {
    rest(400);
    MUST(write(*(int*)to, "x", 1));
    return NULL;
}

static void waits_for_data(const int ends[2]) {
    char text[4];
    fd_set in;
    struct pollfd look = {ends[0], POLLIN, 0};
    set(0);
    in_a_moment();
    SHOW_WAIT(100, read(ends[0], text, sizeof text));
    in_a_moment();
    SHOW_WAIT(100, recv(ends[0], text, sizeof text, 0));
    for (int restart = 0; restart < 2; ++restart) {
        set(restart ? SA_RESTART : 0);
        in_a_moment();
        SHOW_WAIT(100, poll(&look, 1, -1));
        FD_ZERO(&in);
        FD_SET(ends[0], &in);
        in_a_moment();
        SHOW_WAIT(100, select(ends[0] + 1, &in, NULL, NULL, NULL));
    }
    SHOW(runs);
    pthread_t thread;
    pthread_create(&thread, NULL, write_late, (void*)&ends[1]);
    in_a_moment();
    SHOW_WAIT(200, read(ends[0], text, sizeof text));
    pthread_join(thread, NULL);
    SHOW(runs);
}

static void sleeps(void) {
    const struct timespec time = {2, 0};
    struct timespec left = {0, 0};
    runs = 0;
    in_a_moment();
    SHOW_WAIT(100, sleep(3) >= 2);
    in_a_moment();
    SHOW_WAIT(100, usleep(2000000));
    in_a_moment();
    SHOW_WAIT(100, nanosleep(&time, &left));
    SHOW(left.tv_sec == 1 && left.tv_nsec > 0);
    in_a_moment();
    SHOW_ERROR_WAIT(100, clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left));
    SHOW(left.tv_sec == 1);
    SHOW(runs);
    in_a_moment();
    SHOW_WAIT(100, pause());
    alarm(1);
    SHOW_WAIT(900, pause());
    SHOW(runs);
}

static void waits_for_children(void) {
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        rest(500);
        _exit(4);
    }
    set(0);
    in_a_moment();
    SHOW_WAIT(100, waitpid(child, &status, 0));
    set(SA_RESTART);
    in_a_moment();
    SHOW_WAIT(100, waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
}

int main(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    waits_for_data(ends);
    sleeps();
    waits_for_children();
    return 0;
}
