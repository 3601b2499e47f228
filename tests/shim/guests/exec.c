// fork and exec, vfork and exec, each way to name the program and its arguments; what is inherited; exec that fails; at last this process
// itself becomes another.
#include <fcntl.h>
#include <sys/wait.h>

#include "guest.h"

static char* const environment[] = {"WORD=given", NULL};

static int ended(pid_t child) {
    int status = -1;
    MUST(waitpid(child, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The n-th way to run: sh -c 'exit ...'.
static void become(int way) {
    char* const arguments[] = {"sh", "-c", "test \"$WORD\" = given && exit 20; exit 10", NULL};
    switch (way) {
        case 0:
            execl("/bin/sh", arguments[0], arguments[1], arguments[2], (char*)NULL);
            break;
        case 1:
            execlp("sh", arguments[0], arguments[1], arguments[2], (char*)NULL);
            break;
        case 2:
            execle("/bin/sh", arguments[0], arguments[1], arguments[2], (char*)NULL, environment);
            break;
        case 3:
            execv("/bin/sh", arguments);
            break;
        case 4:
            execvp("sh", arguments);
            break;
        case 5:
            execve("/bin/sh", arguments, environment);
            break;
        case 6:
            execvpe("sh", arguments, environment);
            break;
        case 7:
            fexecve(open("/bin/sh", O_RDONLY), arguments, environment);
            break;
        default:
            execl("/nonexistent/program", "program", (char*)NULL);
            break;
    }
    _exit(errno == ENOENT ? 127 : 126);
}

static int by_fork(int way) {
    const pid_t child = fork();
    if (child == 0) {
        become(way);
    }
    return ended(child);
}

static int by_vfork(int way) {
    const pid_t child = vfork();
    if (child == 0) {
        become(way);
    }
    return ended(child);
}

/// The parent of a vfork stands still until the child is another program, and goes on beside it then.
static void beside(void) {
    int ends[2];
    char text[16] = "";
    MUST(pipe2(ends, O_CLOEXEC));
    const long long begin = microseconds();
    const pid_t child = vfork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl("/bin/sh", "sh", "-c", "sleep 0.2; echo done", (char*)NULL);
        _exit(127);
    }
    close(ends[1]);
    SHOW(read(ends[0], text, sizeof text));
    show_elapsed(200, begin);
    fputs(text, stdout);
    SHOW(read(ends[0], text, sizeof text));
    SHOW(ended(child));
    close(ends[0]);
}

/// FD_CLOEXEC is obeyed, O_NONBLOCK handed down as it is.
static void inherited(void) {
    int ends[2];
    char script[128];
    MUST(pipe(ends));
    MUST(fcntl(ends[1], F_SETFD, FD_CLOEXEC));
    snprintf(script, sizeof script,
             "test -e /proc/self/fd/%d || exit 1; test -e /proc/self/fd/%d && exit 2; exit 0", ends[0],
             ends[1]);
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", script, (char*)NULL);
        _exit(127);
    }
    SHOW(ended(child));
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    char* const none[] = {"none", NULL};
    for (int way = 0; way <= 8; ++way) {
        fflush(stdout);
        SHOW(by_fork(way));
        SHOW(by_vfork(way));
    }
    fflush(stdout);
    beside();
    inherited();
    SHOW(execv("/nonexistent/program", none));
    SHOW(execvp("no-such-program-anywhere", none));
    SHOW(execve("/", none, environment));
    SHOW(execve("/dev/null", none, environment));
    fflush(stdout);
    execle("/bin/sh", "sh", "-c", "echo \"the shell, $WORD\"; read line || echo 'nothing to read'",
           (char*)NULL, environment);
    return 1;
}
