// Locks on files between processes: flock, lockf, fcntl's two kinds; waited for, tried, refused.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "guest.h"

enum kind { by_flock, by_lockf, by_fcntl, by_description };

static int lock(enum kind kind, int fd, int wait) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    switch (kind) {
        case by_flock:
            return flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
        case by_lockf:
            return lockf(fd, wait ? F_LOCK : F_TLOCK, 0);
        case by_fcntl:
            return fcntl(fd, wait ? F_SETLKW : F_SETLK, &whole);
        default:
            return fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole);
    }
}

/// A child that holds the lock for `milliseconds`, and has it when this returns.
static pid_t holder(enum kind kind, const char* path, long milliseconds) {
    int ends[2];
    char byte;
    MUST(pipe(ends));
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open(path, O_RDWR);
        MUST(lock(kind, fd, 1));
        MUST(write(ends[1], "x", 1));
        rest(milliseconds);
        _exit(0);
    }
    MUST(read(ends[0], &byte, 1));
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void each(enum kind kind, const char* path) {
    const int fd = open(path, O_RDWR);
    MUST(fd);
    const pid_t child = holder(kind, path, 300);
    SHOW(lock(kind, fd, 0));
    SHOW_WAIT(100, lock(kind, fd, 1));
    SHOW(lock(kind, fd, 1));
    MUST(waitpid(child, NULL, 0));
    close(fd);
}

static void shared(const char* path) {
    const int a = open(path, O_RDWR), b = open(path, O_RDWR);
    SHOW(flock(a, LOCK_SH));
    SHOW(flock(b, LOCK_SH));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(a, LOCK_UN));
    SHOW(flock(b, LOCK_EX));
    SHOW(flock(b, LOCK_SH | LOCK_EX));
    SHOW(flock(-1, LOCK_EX));
    close(a);
    close(b);
}

static void ranges(const char* path) {
    const int fd = open(path, O_RDWR), reader = open(path, O_RDONLY);
    const pid_t child = holder(by_fcntl, path, 200);
    struct flock part = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    SHOW(fcntl(fd, F_GETLK, &part));
    SHOW(part.l_type == F_WRLCK && part.l_pid == child && part.l_start == 0);
    part = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    SHOW_WAIT(50, fcntl(reader, F_SETLKW, &part));
    part.l_type = F_WRLCK;
    SHOW(fcntl(reader, F_SETLKW, &part));
    SHOW(fcntl(-1, F_SETLKW, &part));
    part.l_type = 77;
    SHOW(fcntl(fd, F_SETLKW, &part));
    SHOW(lockf(fd, 77, 0));
    SHOW(lockf(fd, F_TEST, 0));
    SHOW(lockf(reader, F_LOCK, 0));
    MUST(waitpid(child, NULL, 0));
    close(reader);
    close(fd);
}

int main(void) {
    char path[] = "/tmp/weft-guest-XXXXXX";
    close(mkstemp(path));
    for (enum kind kind = by_flock; kind <= by_description; ++kind) {
        each(kind, path);
    }
    shared(path);
    ranges(path);
    unlink(path);
    return 0;
}
