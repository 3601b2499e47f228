// A TCP server and its client, a forked process: connections one after the other, a half close, the end of the stream.
#include <sys/wait.h>

#include "net.h"

/// Sends two pieces with time between them, ends its half, reads what comes back.
static int client(struct sockaddr_in server) {
    char answer[32] = "";
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    MUST(connect(fd, (const struct sockaddr*)&server, sizeof server));
    MUST(send(fd, "first ", 6, 0));
    rest(150);
    MUST(write(fd, "second", 6));
    MUST(shutdown(fd, SHUT_WR));
    size_t have = 0;
    for (ssize_t got; (got = recv(fd, answer + have, sizeof answer - have, 0)) > 0;) {
        have += (size_t)got;
    }
    close(fd);
    return have == 15 && memcmp(answer, "[first second]\n", 15) == 0 ? 7 : 1;
}

static void serve(int listener) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    const int fd = accept(listener, (struct sockaddr*)&peer, &size);
    printf("accepted: %s, address of %u bytes, family %s, from %s\n", fd >= 0 ? "yes" : "no", (unsigned)size,
           peer.sin_family == AF_INET ? "AF_INET" : "another", inet_ntoa(peer.sin_addr));
    struct sockaddr_in same;
    size = sizeof same;
    SHOW(getpeername(fd, (struct sockaddr*)&same, &size));
    printf("the same port: %d\n", same.sin_port == peer.sin_port);

    char text[64] = "[";
    size_t have = 1;
    for (ssize_t got; (got = read(fd, text + have, sizeof text - have)) > 0;) {
        have += (size_t)got;
    }
    printf("read until the end: %.*s\n", (int)(have - 1), text + 1);
    SHOW(recv(fd, text + have, 1, 0));
    memcpy(text + have, "]\n", 2);
    SHOW(send(fd, text, have + 2, 0));
    SHOW(close(fd));
}

int main(void) {
    const int listener = bound_socket(SOCK_STREAM);
    const struct sockaddr_in address = bound(listener);
    for (int i = 0; i < 2; ++i) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            _exit(client(address));
        }
        serve(listener);
        int status = 0;
        printf("the child: %d, ", waitpid(child, &status, 0) == child);
        printf("exit status %d\n", WEXITSTATUS(status));
    }
    SHOW(close(listener));
    const int late = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(late, (const struct sockaddr*)&address, sizeof address));
    SHOW(close(late));
    return 0;
}
