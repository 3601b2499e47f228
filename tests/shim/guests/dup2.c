// dup, dup2 and dup3: over open descriptors and themselves, what the copy shares and what not, standard output redirected and put back.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "guest.h"

static void* write_late(void* to) {
    rest(200);
    MUST(write(*(int*)to, "late", 4));
    return NULL;
}

/// The number stays; what is behind it is another thing, of another kind.
static void over(void) {
    int ends[2], pair[2];
    char text[8] = "";
    pthread_t thread;
    MUST(pipe(ends));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(dup2(pair[0], ends[0]) == ends[0]);
    SHOW((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
    struct pollfd look = {ends[1], POLLOUT, 0};
    SHOW(poll(&look, 1, -1));
    SHOW((look.revents & POLLERR) != 0);
    pthread_create(&thread, NULL, write_late, &pair[1]);
    SHOW_WAIT(100, recv(ends[0], text, sizeof text, 0));
    pthread_join(thread, NULL);
    const struct timeval brief = {0, 150000};
    SHOW(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
    SHOW_WAIT(150, read(ends[0], text, sizeof text));
    SHOW(close(pair[0]));
    SHOW_WAIT(150, read(ends[0], text, sizeof text));
    SHOW(write(pair[1], "x", 1));
    SHOW(recv(ends[0], text, sizeof text, 0));
    const int file = open("/dev/zero", O_RDWR);
    SHOW(dup2(file, ends[0]) == ends[0]);
    SHOW(read(ends[0], text, sizeof text));
    SHOW(recv(pair[1], text, sizeof text, 0));
    close(file);
    close(ends[0]);
    close(ends[1]);
    close(pair[1]);
}

static void edges(void) {
    const int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    SHOW(dup2(file, file) == file);
    SHOW(fcntl(file, F_GETFD) == FD_CLOEXEC);
    SHOW(dup3(file, file, O_CLOEXEC));
    SHOW(dup2(file, 300));
    SHOW(fcntl(300, F_GETFD));
    SHOW(dup3(file, 300, O_CLOEXEC));
    SHOW(fcntl(300, F_GETFD) == FD_CLOEXEC);
    SHOW(dup3(file, 301, O_NONBLOCK));
    SHOW(close(300));
    SHOW(dup2(300, file));
    SHOW(fcntl(file, F_GETFD) == FD_CLOEXEC);
    const int copy = dup(file);
    SHOW(copy > file);
    SHOW(fcntl(copy, F_GETFD));
    close(copy);
    close(file);
}

static void redirected(void) {
    int ends[2];
    char text[64] = "";
    fflush(stdout);
    const int kept = dup(1);
    MUST(pipe(ends));
    MUST(dup2(ends[1], 1));
    printf("into the pipe\n");
    fflush(stdout);
    MUST(system("echo from a child"));
    MUST(dup2(kept, 1));
    close(kept);
    close(ends[1]);
    size_t have = 0;
    for (ssize_t got; (got = read(ends[0], text + have, sizeof text - have)) > 0; have += (size_t)got) {
    }
    printf("caught: %s", text);
    close(ends[0]);
}

int main(void) {
    over();
    edges();
    redirected();
    return 0;
}
