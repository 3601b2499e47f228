// system, popen and pclose, posix_spawn: what they run, what they wait for, what they give back.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "guest.h"

extern char** environ;

static void with_system(void) {
    fflush(stdout);
    SHOW(system(NULL) != 0);
    SHOW(system("exit 0"));
    SHOW(WEXITSTATUS(system("exit 7")));
    SHOW_WAIT(200, system("sleep 0.2"));
    SHOW(WEXITSTATUS(system("/nonexistent/program 2>/dev/null")));
    SHOW(WTERMSIG(system("kill -TERM $$")));
    fflush(stdout);
    SHOW(system("echo from the shell"));
    signal(SIGCHLD, SIG_IGN);
    SHOW(system("exit 3"));
    signal(SIGCHLD, SIG_DFL);
    struct sigaction now;
    MUST(sigaction(SIGINT, NULL, &now));
    SHOW(now.sa_handler == SIG_DFL);
}

static void with_popen(void) {
    char line[64] = "";
    FILE* from = popen("sleep 0.2; echo first; echo second; exit 5", "r");
    SHOW_WAIT(100, fgets(line, sizeof line, from) != NULL);
    fputs(line, stdout);
    SHOW(fscanf(from, "%60s", line));
    puts(line);
    SHOW(fgetc(from) == '\n' && fgetc(from) == EOF);
    SHOW(WEXITSTATUS(pclose(from)));

    fflush(stdout);
    FILE* to = popen("cat; sleep 0.2", "w");
    SHOW(fputs("through cat\n", to) >= 0);
    fflush(stdout);
    SHOW_WAIT(100, pclose(to));
    FILE* one = popen("cat >/dev/null; exit 1", "we");
    FILE* two = popen("echo two", "re");
    SHOW(fgets(line, sizeof line, two) != NULL);
    SHOW(WEXITSTATUS(pclose(one)));
    SHOW(pclose(two));
    SHOW(popen("true", "rw") == NULL);
    SHOW(popen("true", "") == NULL);
    FILE* file = fopen("/dev/null", "r");
    SHOW(file != NULL && fclose(file) == 0);
}

static void with_spawn(void) {
    pid_t child = -1;
    int status = -1;
    char* slow[] = {"sh", "-c", "sleep 0.2; exit 9", NULL};
    char* echo[] = {"sh", "-c", "echo \"$WORD\"; cat", NULL};
    char* environment[] = {"WORD=from the environment", NULL};
    char* missing[] = {"/nonexistent/program", NULL};
    SHOW_ERROR(posix_spawn(&child, "/bin/sh", NULL, NULL, slow, environ));
    SHOW_WAIT(100, waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
    SHOW_ERROR(posix_spawn(&child, missing[0], NULL, NULL, missing, environ));
    SHOW_ERROR(posix_spawnp(&child, "no-such-program-anywhere", NULL, NULL, missing, environ));
    SHOW(waitpid(-1, &status, 0));

    int ends[2];
    char text[64] = "";
    posix_spawn_file_actions_t actions;
    MUST(pipe2(ends, O_CLOEXEC));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    SHOW_ERROR(posix_spawnp(&child, "sh", &actions, NULL, echo, environment));
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    SHOW(read(ends[0], text, sizeof text));
    fputs(text, stdout);
    SHOW(read(ends[0], text, sizeof text));
    close(ends[0]);
    SHOW(waitpid(child, &status, 0) == child);
    SHOW(status);
}

int main(void) {
    with_system();
    with_popen();
    with_spawn();
    return 0;
}
