// guest: many
// MSG_WAITALL against data that comes in pieces and ends early; out-of-band data in and out of line.
#include <poll.h>
#include <pthread.h>

#include "net.h"

static void* in_pieces(void* to) {
    const int fd = *(int*)to;
    for (const char* piece = "abcdefgh"; *piece != '\0'; piece += 2) {
        rest(60);
        MUST(send(fd, piece, 2, 0));
    }
    rest(60);
    MUST(shutdown(fd, SHUT_WR));
    return NULL;
}

static void* urgent(void* to) {
    rest(200);
    MUST(send(*(int*)to, "!", 1, MSG_OOB));
    return NULL;
}

static void wait_all(void) {
    int ends[2];
    char text[16] = "";
    pthread_t thread;
    tcp_pair(ends);
    MUST(send(ends[0], "12", 2, 0));
    SHOW(recv(ends[1], text, 2, MSG_PEEK | MSG_WAITALL));
    SHOW(recv(ends[1], text, 8, MSG_WAITALL | MSG_DONTWAIT));
    SHOW(recv(ends[1], text, 8, MSG_WAITALL | MSG_DONTWAIT));
    pthread_create(&thread, NULL, in_pieces, &ends[0]);
    SHOW_WAIT(50, recv(ends[1], text, 4, MSG_WAITALL));
    printf("%.4s\n", text);
    struct iovec parts[2] = {{text, 1}, {text + 1, 2}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    SHOW(recvmsg(ends[1], &message, MSG_WAITALL));
    printf("%.3s\n", text);
    SHOW(recv(ends[1], text, 8, MSG_WAITALL));
    SHOW(recv(ends[1], text, 8, MSG_WAITALL));
    pthread_join(thread, NULL);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void out_of_band(void) {
    int ends[2];
    char text[16] = "";
    pthread_t thread;
    tcp_pair(ends);
    SHOW(recv(ends[1], text, 1, MSG_OOB));
    MUST(send(ends[0], "ab", 2, 0));
    pthread_create(&thread, NULL, urgent, &ends[0]);
    struct pollfd wait = {.fd = ends[1], .events = POLLPRI};
    SHOW_WAIT(100, poll(&wait, 1, -1));
    pthread_join(thread, NULL);
    SHOW(wait.revents == POLLPRI);
    SHOW(sockatmark(ends[1]));
    SHOW(recv(ends[1], text, 16, 0));
    SHOW(sockatmark(ends[1]));
    SHOW(recv(ends[1], text, 16, MSG_OOB));
    printf("%c\n", text[0]);
    SHOW(recv(ends[1], text, 16, MSG_OOB));
    MUST(send(ends[0], "cd", 2, 0));
    SHOW(recv(ends[1], text, 16, 0));

    const int yes = 1;
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &yes, sizeof yes));
    MUST(send(ends[0], "e", 1, 0));
    MUST(send(ends[0], "?", 1, MSG_OOB));
    wait.revents = 0;
    SHOW(poll(&wait, 1, 5000));
    SHOW(recv(ends[1], text, 16, 0));
    SHOW(recv(ends[1], text, 16, MSG_OOB));
    SHOW(recv(ends[1], text, 16, 0));
    printf("%c\n", text[0]);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

int main(void) {
    wait_all();
    out_of_band();
    return 0;
}
