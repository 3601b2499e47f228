// signalfd, inotify and pidfds: each is waited for, read, and says what has happened.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "guest.h"

static pid_t signal_from_child(int number) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        rest(200);
        kill(getppid(), number);
        _exit(0);
    }
    return child;
}

static void signals(void) {
    sigset_t two, none;
    struct signalfd_siginfo info[3];
    sigemptyset(&two);
    sigemptyset(&none);
    sigaddset(&two, SIGUSR1);
    sigaddset(&two, SIGUSR2);
    MUST(pthread_sigmask(SIG_BLOCK, &two, NULL));
    const int fd = signalfd(-1, &two, SFD_CLOEXEC);
    const pid_t child = signal_from_child(SIGUSR1);
    SHOW_WAIT(100, read(fd, info, sizeof info) / sizeof info[0]);
    SHOW(info[0].ssi_signo == SIGUSR1 && info[0].ssi_pid == (uint32_t)child);
    MUST(waitpid(child, NULL, 0));
    raise(SIGUSR1);
    raise(SIGUSR2);
    SHOW(read(fd, info, sizeof info) / sizeof info[0]);
    SHOW(info[0].ssi_signo == SIGUSR1 && info[1].ssi_signo == SIGUSR2);
    SHOW(read(fd, info, 1));
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW(read(fd, info, sizeof info));
    SHOW(signalfd(fd, &none, 0) == fd);
    raise(SIGUSR2);
    SHOW(read(fd, info, sizeof info));
    SHOW(signalfd(fd, &two, 0) == fd);
    SHOW(read(fd, info, sizeof info) / sizeof info[0]);
    SHOW(close(fd));
    SHOW(signalfd(0, &two, 0));
    SHOW(signalfd(-1, &two, 1));
}

static void* make_file(void* path) {
    rest(200);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    return NULL;
}

static void watches(void) {
    char directory[] = "/tmp/weft-guest-XXXXXX", path[64];
    _Alignas(struct inotify_event) char room[4096];
    pthread_t thread;
    MUST(mkdtemp(directory) == NULL ? -1 : 0);
    snprintf(path, sizeof path, "%s/made", directory);
    const int fd = inotify_init1(IN_CLOEXEC);
    SHOW(inotify_add_watch(fd, directory, IN_CREATE | IN_DELETE));
    pthread_create(&thread, NULL, make_file, path);
    SHOW_WAIT(100, read(fd, room, sizeof room));
    pthread_join(thread, NULL);
    const struct inotify_event* event = (const struct inotify_event*)room;
    SHOW(event->mask == IN_CREATE);
    puts(event->name);
    unlink(path);
    SHOW(read(fd, room, 4));
    SHOW(read(fd, room, sizeof room));
    SHOW(event->mask == IN_DELETE);
    SHOW(inotify_rm_watch(fd, 1));
    SHOW(read(fd, room, sizeof room));
    SHOW(event->mask == IN_IGNORED);
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW(read(fd, room, sizeof room));
    SHOW(close(fd));
    SHOW(inotify_add_watch(-1, directory, IN_CREATE));
    SHOW(inotify_init1(1));
    rmdir(directory);
}

static void processes(void) {
    siginfo_t info;
    int status = -1;
    const pid_t child = signal_from_child(0);
    const int fd = pidfd_open(child, 0);
    struct pollfd look = {.fd = fd, .events = POLLIN};
    SHOW(poll(&look, 1, 0));
    SHOW_WAIT(100, poll(&look, 1, -1));
    SHOW(look.revents == POLLIN);
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT));
    SHOW(info.si_pid == child && info.si_status == 0);
    SHOW(waitpid(child, &status, 0) == child);
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(pidfd_send_signal(fd, 0, NULL, 0));
    SHOW(close(fd));
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    const pid_t slow = signal_from_child(0);
    const int other = pidfd_open(slow, 0);
    SHOW_WAIT(100, waitid(P_PIDFD, (id_t)other, &info, WEXITED));
    SHOW(info.si_pid == slow);
    SHOW(close(other));
    SHOW(pidfd_open(-1, 0));
}

int main(void) {
    signals();
    watches();
    processes();
    return 0;
}
