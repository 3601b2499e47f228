// Children: waited for by every call that there is, as they end, are killed, stop and go on; and when there are none.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "guest.h"

static pid_t start(int milliseconds, int status) {
    fflush(stdout);
    const pid_t child = fork();
    MUST(child);
    if (child == 0) {
        rest(milliseconds);
        _exit(status);
    }
    return child;
}

static void ends(void) {
    int status = -1;
    struct rusage usage;
    siginfo_t info;
    pid_t child = start(200, 3);
    SHOW(waitpid(child, &status, WNOHANG));
    SHOW(status);
    SHOW_WAIT(100, waitpid(child, &status, 0) == child);
    SHOW(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    SHOW(waitpid(child, &status, 0));
    child = start(200, 4);
    SHOW_WAIT(100, wait(&status) == child);
    SHOW(WEXITSTATUS(status));
    child = start(200, 5);
    SHOW_WAIT(100, wait3(&status, 0, &usage) == child);
    SHOW(WEXITSTATUS(status));
    child = start(200, 6);
    SHOW_WAIT(100, wait4(-1, &status, 0, NULL) == child);
    SHOW(WEXITSTATUS(status));
    child = start(200, 7);
    SHOW_WAIT(100, waitpid(0, NULL, 0) == child);
    child = start(200, 8);
    memset(&info, 0, sizeof info);
    SHOW(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    SHOW(info.si_pid);
    SHOW_WAIT(100, waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    SHOW(info.si_pid == child && info.si_code == CLD_EXITED && info.si_signo == SIGCHLD);
    SHOW(info.si_status);
    SHOW(waitid(P_ALL, 0, NULL, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
}

static void stops(void) {
    int status = -1;
    const pid_t child = start(20000, 0);
    kill(child, SIGSTOP);
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    SHOW(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    SHOW(waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG));
    kill(child, SIGCONT);
    SHOW(waitpid(child, &status, WCONTINUED) == child);
    SHOW(WIFCONTINUED(status) != 0);
    kill(child, SIGTERM);
    SHOW(waitpid(-1, &status, 0) == child);
    SHOW(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void several(void) {
    int sum = 0, status = 0;
    pid_t slow = start(300, 1);
    start(50, 2);
    start(100, 4);
    for (int i = 0; i < 2; ++i) {
        sum += wait(&status) != slow ? WEXITSTATUS(status) : 100;
    }
    SHOW(sum);
    SHOW(wait(&status) == slow);
    slow = start(150, 1);
    SHOW(setpgid(slow, slow));
    SHOW(waitpid(0, &status, 0));
    SHOW(waitpid(-slow, &status, 0) == slow);
}

static void nobody(void) {
    siginfo_t info;
    int status;
    SHOW(wait(&status));
    SHOW(wait(NULL));
    SHOW(waitpid(-1, &status, WNOHANG));
    SHOW(waitpid(getpid(), &status, 0));
    SHOW(waitpid(1, &status, 0));
    SHOW(waitpid(-1, &status, 0x10000));
    SHOW(waitid(P_PID, 1, &info, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, 0));
    SHOW(waitid((idtype_t)77, 0, &info, WEXITED));
    signal(SIGCHLD, SIG_IGN);
    start(150, 1);
    SHOW_WAIT(100, wait(&status));
    signal(SIGCHLD, SIG_DFL);
}

int main(void) {
    ends();
    stops();
    several();
    nobody();
    return 0;
}
