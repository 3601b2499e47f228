// Daemonising by the book: fork, setsid, fork, every descriptor closed, three of /dev/null, and then a server works; its starter talks to it.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "net.h"

static pid_t session_of_starter;

static void close_all(void) {
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    for (int fd = (int)(limit.rlim_cur < 70000 ? limit.rlim_cur : 70000) - 1; fd >= 0; --fd) {
        close(fd);
    }
}

/// What the daemon found, and then an answer to each line, after a while; it ends with its client.
static void serve(in_port_t port) {
    char text[64];
    const struct sockaddr_in starter = loopback(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(text, sizeof text, "socket at %d, session of its own: %d\n", fd,
             getsid(0) != session_of_starter);
    if (connect(fd, (const struct sockaddr*)&starter, sizeof starter) != 0) {
        return;
    }
    MUST(write(fd, text, strlen(text)));
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) {
        rest(100);
        struct pollfd look = {fd, POLLOUT, 0};
        MUST(poll(&look, 1, -1));
        MUST(write(fd, text, (size_t)got));
    }
    close(fd);
}

static void daemonise(in_port_t port) {
    if (setsid() == -1) {
        _exit(2);
    }
    signal(SIGHUP, SIG_IGN);
    const pid_t second = fork();
    if (second != 0) {
        _exit(second > 0 ? 0 : 3);
    }
    if (chdir("/") != 0) {
        _exit(4);
    }
    umask(0);
    close_all();
    if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2) {
        _exit(5);
    }
    serve(port);
    _exit(0);
}

/// By the call that there is for it.
static void by_the_call(in_port_t port) {
    if (daemon(0, 0) != 0) {
        _exit(6);
    }
    closefrom(3);
    serve(port);
    _exit(0);
}

int main(void) {
    const int listener = bound_socket(SOCK_STREAM);
    const in_port_t port = bound(listener).sin_port;
    session_of_starter = getsid(0);
    for (int way = 0; way < 2; ++way) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            way == 0 ? daemonise(port) : by_the_call(port);
        }
        int status = -1;
        char text[64] = "";
        SHOW(waitpid(child, &status, 0) == child);
        SHOW(WEXITSTATUS(status));
        const int fd = accept(listener, NULL, NULL);
        SHOW(read(fd, text, sizeof text - 1) > 0);
        fputs(text, stdout);
        SHOW(write(fd, "are you there?", 14));
        SHOW_WAIT(50, read(fd, text, sizeof text));
        SHOW(shutdown(fd, SHUT_WR));
        SHOW(read(fd, text, sizeof text));
        SHOW(close(fd));
    }
    return 0;
}
