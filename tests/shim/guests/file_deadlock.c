// guest: without fibers (docs/howto/shim.md says so: a wait that the shim does is none that the kernel could see a circle of)
// Two processes, each of which waits for a lock that the other has: the system sees it, and tells the second one.
#include <fcntl.h>
#include <sys/wait.h>

#include "guest.h"

int main(void) {
    char path[] = "/tmp/weft-guest-XXXXXX";
    close(mkstemp(path));
    const int fd = open(path, O_RDWR);
    struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    struct flock second = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    int ends[2];
    char byte;
    MUST(fcntl(fd, F_SETLK, &first));
    MUST(pipe(ends));
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        MUST(fcntl(fd, F_SETLK, &second));
        MUST(write(ends[1], "x", 1));
        _exit(fcntl(fd, F_SETLKW, &first) == 0 ? 0 : 1);
    }
    int status = -1;
    MUST(read(ends[0], &byte, 1));
    rest(150);
    SHOW(fcntl(fd, F_SETLKW, &second));
    close(fd);
    MUST(waitpid(child, &status, 0));
    SHOW(WEXITSTATUS(status));
    close(ends[0]);
    close(ends[1]);
    unlink(path);
    return 0;
}
