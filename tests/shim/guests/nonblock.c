// guest: many
// O_NONBLOCK by every way there is: it reads back as it was set, a dup shares it, and calls obey it.
#include <fcntl.h>
#include <sys/ioctl.h>

#include "net.h"

static int is_set(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

static void by_fcntl(const int ends[2]) {
    char text[4];
    SHOW(fcntl(ends[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE));
    SHOW(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    SHOW(is_set(ends[0]));
    SHOW(is_set(ends[1]));
    SHOW(read(ends[0], text, sizeof text));
    const int twin = dup(ends[0]);
    SHOW(is_set(twin));
    SHOW(fcntl(twin, F_SETFL, 0));
    SHOW(is_set(ends[0]));
    SHOW(fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK));
    int other = -1;
    SHOW_FD(other = fcntl(ends[0], F_DUPFD, 100));
    SHOW(other >= 100);
    SHOW(is_set(other));
    SHOW(fcntl(other, F_GETFD));
    SHOW(read(other, text, sizeof text));
    SHOW(close(other));
    SHOW_FD(other = fcntl(ends[0], F_DUPFD_CLOEXEC, 0));
    SHOW(is_set(other));
    SHOW(fcntl(other, F_GETFD) == FD_CLOEXEC);
    SHOW(read(other, text, sizeof text));
    SHOW(close(other));
    SHOW(close(twin));
    SHOW(is_set(ends[0]));
    SHOW(fcntl(ends[0], F_SETFL, 0));
    SHOW(is_set(ends[0]));
}

static void by_ioctl(const int ends[2]) {
    char text[4];
    int yes = 1, no = 0;
    SHOW(ioctl(ends[0], FIONBIO, &yes));
    SHOW(is_set(ends[0]));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(ioctl(ends[0], FIONBIO, &no));
    SHOW(is_set(ends[0]));
    SHOW(ioctl(-1, FIONBIO, &yes));
    int waiting = -1;
    SHOW(write(ends[1], "abc", 3));
    SHOW(ioctl(ends[0], FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(read(ends[0], text, sizeof text));
    SHOW(ioctl(ends[0], FIOCLEX));
    SHOW(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    SHOW(ioctl(ends[0], FIONCLEX));
    SHOW(fcntl(ends[0], F_GETFD));
}

static void from_the_start(void) {
    int ends[2];
    char text[4];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
    SHOW(is_set(ends[0]) && is_set(ends[1]));
    SHOW(recv(ends[0], text, sizeof text, 0));
    SHOW(recv(ends[0], text, sizeof text, MSG_WAITALL));
    SHOW(fcntl(ends[1], F_SETFL, 0));
    SHOW(is_set(ends[0]) && !is_set(ends[1]));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(is_set(ends[0]) && is_set(ends[1]));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(fcntl(ends[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    SHOW(is_set(fd));
    SHOW(recv(fd, text, sizeof text, 0));
    SHOW(close(fd));
    SHOW(pipe2(ends, 1));
}

static void unknown_commands(int fd) {
    SHOW(fcntl(fd, 9999));
    SHOW(fcntl(fd, 9999, 1));
    SHOW(ioctl(fd, 0x12345678, NULL));
    SHOW(fcntl(-1, F_GETFL));
    SHOW(fcntl(-1, F_SETFL, O_NONBLOCK));
    SHOW(fcntl(-1, F_DUPFD, 0));
    SHOW(fcntl(-1, 9999));
    SHOW(fcntl(fd, F_DUPFD, -1));
    SHOW(fcntl(fd, F_DUPFD, 1 << 30));
    SHOW(fcntl(fd, F_GETOWN));
    SHOW(fcntl(fd, F_GETPIPE_SZ) >= 4096);
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    by_fcntl(ends);
    by_ioctl(ends);
    unknown_commands(ends[0]);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    from_the_start();
    return 0;
}
