// Input and output before main and after it: in a constructor, in handlers of exit, in the end of a child, in a destructor.
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "guest.h"

static int ends[2];

static void* write_late(void* to) {
    rest(100);
    MUST(write(*(int*)to, "late", 4));
    return NULL;
}

static void wait_for_data(const char* where) {
    char text[8] = "";
    pthread_t thread;
    struct pollfd look = {ends[0], POLLIN, 0};
    pthread_create(&thread, NULL, write_late, &ends[1]);
    printf("%s\n", where);
    SHOW_WAIT(30, poll(&look, 1, -1));
    SHOW(read(ends[0], text, sizeof text));
    pthread_join(thread, NULL);
}

__attribute__((constructor)) static void before(void) {
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    wait_for_data("constructor");
    fflush(stdout);
    int status = -1;
    const pid_t child = fork();
    if (child == 0) {
        _exit(3);
    }
    SHOW(waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
    SHOW(WEXITSTATUS(system("exit 4")));
    SHOW_WAIT(20, usleep(20000));
    SHOW(read(-1, &status, 1));
}

__attribute__((destructor)) static void after(void) {
    wait_for_data("destructor");
    fflush(stdout);
    close(ends[0]);
    close(ends[1]);
}

static void first_handler(void) { wait_for_data("the first handler, called last"); }

static void second_handler(void) {
    wait_for_data("the second handler, called first");
    SHOW_WAIT(20, usleep(20000));
}

static void of_child(void) {
    wait_for_data("the child's handler");
    fflush(stdout);
}

int main(void) {
    int status = -1;
    wait_for_data("main");
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        atexit(of_child);
        exit(6);
    }
    SHOW(waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
    atexit(first_handler);
    atexit(second_handler);
    puts("exit");
    exit(0);
}
