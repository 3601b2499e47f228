// guest: many
// Descriptors sent over a socket: the one that comes out is another number for the same thing, with its state, and is waited on as any.
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "guest.h"

union control {
    char room[CMSG_SPACE(3 * sizeof(int))];
    struct cmsghdr align;
};

static ssize_t give(int over, const int* fds, int count) {
    union control control;
    char byte = 'd';
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    memset(&control, 0, sizeof control);
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    return sendmsg(over, &message, 0);
}

/// How many descriptors came; -1 where none could be received.
static int take(int over, int* fds, size_t room, int flags, int* seen) {
    union control control;
    char byte;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room};
    if (recvmsg(over, &message, flags) < 0) {
        return -1;
    }
    *seen = message.msg_flags;
    const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        return 0;
    }
    memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static void* send_late(void* argument) {
    const int* both = argument;
    rest(200);
    MUST(give(both[0], &both[1], 1));
    rest(200);
    MUST(write(both[2], "through", 7));
    return NULL;
}

static int same(int a, int b) {
    struct stat one, other;
    MUST(fstat(a, &one));
    MUST(fstat(b, &other));
    return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

int main(void) {
    int over[2], ends[2], got[3] = {-1, -1, -1}, flags = 0;
    char text[16] = "";
    pthread_t thread;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, over));
    MUST(pipe(ends));
    int argument[3] = {over[0], ends[0], ends[1]};
    pthread_create(&thread, NULL, send_late, argument);
    SHOW_WAIT(100, take(over[1], got, sizeof(union control), 0, &flags));
    SHOW(flags);
    SHOW(got[0] != ends[0] && same(got[0], ends[0]));
    SHOW(fcntl(got[0], F_GETFD));
    SHOW(fcntl(got[0], F_GETFL) & O_NONBLOCK);
    SHOW_WAIT(50, read(got[0], text, sizeof text));
    pthread_join(thread, NULL);
    puts(text);

    SHOW(fcntl(got[0], F_SETFL, O_NONBLOCK));
    SHOW((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
    SHOW(read(ends[0], text, sizeof text));
    SHOW(close(got[0]));
    const int three[3] = {ends[0], ends[1], over[0]};
    SHOW(give(over[0], three, 3));
    SHOW(take(over[1], got, sizeof(union control), MSG_CMSG_CLOEXEC, &flags));
    SHOW(flags == MSG_CMSG_CLOEXEC);
    SHOW(same(got[0], ends[0]) && same(got[1], ends[1]) && same(got[2], over[0]));
    SHOW(fcntl(got[2], F_GETFD) == FD_CLOEXEC);
    SHOW((fcntl(got[0], F_GETFL) & O_NONBLOCK) != 0);
    SHOW((fcntl(got[1], F_GETFL) & O_NONBLOCK) != 0);
    SHOW(read(got[0], text, sizeof text));
    for (int i = 0; i < 3; ++i) {
        close(got[i]);
    }
    SHOW(give(over[0], three, 3));
    SHOW(take(over[1], got, CMSG_SPACE(sizeof(int)), 0, &flags));
    SHOW((flags & MSG_CTRUNC) != 0);
    close(got[0]);
    close(got[1]);
    const int bad = -1;
    SHOW(give(over[0], &bad, 1));
    SHOW(take(over[1], got, sizeof(union control), MSG_DONTWAIT, &flags));
    close(ends[0]);
    close(ends[1]);
    close(over[0]);
    close(over[1]);
    return 0;
}
