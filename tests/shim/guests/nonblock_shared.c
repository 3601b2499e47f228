// A descriptor on which this process waits has no O_NONBLOCK that others could see: a forked child, what it executes, the kernel's own
// account of it, who got the descriptor over a socket.
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "net.h"

static void* late(void* to) {
    rest(150);
    MUST(write(*(int*)to, "x", 1));
    return NULL;
}

static void wait_for_byte(int from, int to) {
    char byte;
    pthread_t thread;
    pthread_create(&thread, NULL, late, &to);
    SHOW_WAIT(50, read(from, &byte, 1));
    pthread_join(thread, NULL);
}

/// By a call that no library can have touched.
static int kernel_says(int fd) { return (syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) != 0; }

/// 0 where neither a child nor a program that it becomes sees the flag.
static int in_child(int fd) {
    char script[160];
    // The flags are in octal there, which a leading 0 says to the shell, too.
    snprintf(script, sizeof script,
             "while read name value; do test $name = flags: && exit $((value >> 11 & 1)); done < "
             "/proc/self/fdinfo/%d",
             fd);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (kernel_says(fd)) {
            _exit(2);
        }
        fcntl(fd, F_SETFD, 0);
        execl("/bin/sh", "sh", "-c", script, (char*)NULL);
        _exit(3);
    }
    int status = -1;
    MUST(waitpid(child, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A child that sets the flag sets it for all, as ever.
static void set_by_child(int fd) {
    char text[4];
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        _exit(fcntl(fd, F_SETFL, O_NONBLOCK));
    }
    MUST(waitpid(child, NULL, 0));
    SHOW((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    SHOW(read(fd, text, sizeof text));
    SHOW(fcntl(fd, F_SETFL, 0));
}

static void look_at(int reader, int writer) {
    wait_for_byte(reader, writer);
    SHOW((fcntl(reader, F_GETFL) & O_NONBLOCK) != 0);
    SHOW(in_child(reader));
    SHOW(in_child(writer));
    wait_for_byte(reader, writer);
    set_by_child(reader);
    wait_for_byte(reader, writer);
    SHOW(in_child(reader));
    SHOW(close(reader));
    SHOW(close(writer));
}

int main(void) {
    int ends[2];
    puts("a pipe");
    MUST(pipe(ends));
    look_at(ends[0], ends[1]);
    puts("a pair of sockets");
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    look_at(ends[0], ends[1]);
    puts("TCP");
    tcp_pair(ends);
    look_at(ends[0], ends[1]);
    return 0;
}
