// Starts a shell in every way that there is; each says with which LD_PRELOAD it runs. usage: started_program THE_LIBRARY
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ways = 9 };

static void start(int way, char** environment) {
    static char command[] = "echo \"$WAY[$LD_PRELOAD]\"";
    static char* arguments[] = {"sh", "-c", command, NULL};
    switch (way) {
        case 0:
            execl("/bin/sh", "sh", "-c", command, (char*)NULL);
            break;
        case 1:
            execlp("sh", "sh", "-c", command, (char*)NULL);
            break;
        case 2:
            execle("/bin/sh", "sh", "-c", command, (char*)NULL, environment);
            break;
        case 3:
            execv("/bin/sh", arguments);
            break;
        case 4:
            execve("/bin/sh", arguments, environment);
            break;
        case 5:
            execvp("sh", arguments);
            break;
        case 6:
            execvpe("sh", arguments, environment);
            break;
        case 7:
            fexecve(open("/bin/sh", O_RDONLY), arguments, environment);
            break;
        default:
            execveat(AT_FDCWD, "/bin/sh", arguments, environment, 0);
            break;
    }
}

int main(int count, char** words) {
    if (count != 2) {
        return 2;
    }
    char preload[4096];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", words[1]);
    char* environment[] = {"WAY=given", preload, NULL};
    setenv("WAY", "own", 1);
    for (int way = 0; way < ways; ++way) {
        const pid_t child = vfork();
        if (child == 0) {
            start(way, environment);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
    char* arguments[] = {"sh", "-c", "echo \"$WAY[$LD_PRELOAD]\"", NULL};
    pid_t child = 0;
    posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environment);
    waitpid(child, NULL, 0);
    posix_spawnp(&child, "sh", NULL, NULL, arguments, environ);
    waitpid(child, NULL, 0);
    return system("echo \"$WAY[$LD_PRELOAD]\"") == 0 ? 0 : 1;
}
