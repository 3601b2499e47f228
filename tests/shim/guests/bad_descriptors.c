// guest: many
// Every call that takes a descriptor, on ones that are none: below zero, never opened, beyond every table.
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "guest.h"

static void files(int fd, int good) {
    char text[4] = "";
    struct iovec piece = {text, sizeof text};
    struct stat status;
    SHOW(read(fd, text, 1));
    SHOW(read(fd, text, 0));
    SHOW(write(fd, text, 1));
    SHOW(write(fd, text, 0));
    SHOW(readv(fd, &piece, 1));
    SHOW(writev(fd, &piece, 1));
    SHOW(pread(fd, text, 1, 0));
    SHOW(pwrite(fd, text, 1, 0));
    SHOW(preadv(fd, &piece, 1, 0));
    SHOW(pwritev(fd, &piece, 1, 0));
    SHOW(preadv2(fd, &piece, 1, -1, 0));
    SHOW(pwritev2(fd, &piece, 1, -1, 0));
    SHOW(sendfile(fd, good, NULL, 1));
    SHOW(sendfile(good, fd, NULL, 1));
    SHOW(splice(fd, NULL, good, NULL, 1, 0));
    SHOW(splice(good, NULL, fd, NULL, 1, 0));
    SHOW(tee(fd, good, 1, 0));
    SHOW(tee(good, fd, 1, 0));
    SHOW(vmsplice(fd, &piece, 1, 0));
    SHOW(copy_file_range(fd, NULL, good, NULL, 1, 0));
    SHOW(copy_file_range(good, NULL, fd, NULL, 1, 0));
    SHOW(flock(fd, LOCK_EX));
    SHOW(lockf(fd, F_LOCK, 0));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(fstat(fd, &status));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(ftruncate(fd, 0));
    SHOW(isatty(fd));
}

static void sockets(int fd) {
    char text[4] = "";
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct mmsghdr messages = {.msg_hdr = message};
    struct sockaddr_storage address = {.ss_family = AF_INET};
    const struct sockaddr* constant = (const struct sockaddr*)&address;
    socklen_t size = sizeof address;
    int value = 0;
    SHOW(recv(fd, text, 1, 0));
    SHOW(recv(fd, text, 0, MSG_DONTWAIT));
    SHOW(recvfrom(fd, text, 1, 0, NULL, NULL));
    SHOW(recvmsg(fd, &message, 0));
    SHOW(recvmmsg(fd, &messages, 1, 0, NULL));
    SHOW(send(fd, text, 1, MSG_NOSIGNAL));
    SHOW(sendto(fd, text, 1, MSG_NOSIGNAL, NULL, 0));
    SHOW(sendmsg(fd, &message, MSG_NOSIGNAL));
    SHOW(sendmmsg(fd, &messages, 1, MSG_NOSIGNAL));
    SHOW(accept(fd, NULL, NULL));
    SHOW(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
    SHOW(connect(fd, constant, size));
    SHOW(bind(fd, constant, size));
    SHOW(listen(fd, 1));
    SHOW(shutdown(fd, SHUT_RDWR));
    SHOW(getsockname(fd, (struct sockaddr*)&address, &size));
    SHOW(getpeername(fd, (struct sockaddr*)&address, &size));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size));
    SHOW(sockatmark(fd));
}

static void queues(int fd) {
    const struct timespec limit = {1, 0};
    char text[4] = "";
    SHOW(mq_send(fd, text, 1, 0));
    SHOW(mq_timedsend(fd, text, 1, 0, &limit));
    SHOW(mq_receive(fd, text, sizeof text, NULL));
    SHOW(mq_timedreceive(fd, text, sizeof text, NULL, &limit));
}

static void the_rest(int fd) {
    struct epoll_event event = {.events = 0};
    const struct itimerspec timer = {.it_value = {1, 0}};
    eventfd_t value;
    int number = 0;
    SHOW(close(fd));
    SHOW(dup(fd));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
    SHOW(fcntl(fd, F_GETFL));
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW(fcntl(fd, F_DUPFD, 0));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    SHOW(ioctl(fd, FIONBIO, &number));
    SHOW(ioctl(fd, FIONREAD, &number));
    SHOW(epoll_wait(fd, &event, 1, -1));
    SHOW(epoll_pwait(fd, &event, 1, -1, NULL));
    SHOW(epoll_pwait2(fd, &event, 1, NULL, NULL));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, fd, &event));
    SHOW(eventfd_read(fd, &value));
    SHOW(eventfd_write(fd, 1));
    SHOW(timerfd_settime(fd, 0, &timer, NULL));
    SHOW(inotify_rm_watch(fd, 1));
    SHOW(fdopen(fd, "r") == NULL);
    struct pollfd look = {.fd = fd, .events = POLLIN};
    SHOW(poll(&look, 1, 0));
    SHOW(look.revents == (fd < 0 ? 0 : POLLNVAL));
}

int main(void) {
    volatile int bad[] = {-1, 900, 1 << 30, -7};  // volatile, or the compiler warns
    const int good = open("/dev/null", O_RDWR);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        files(bad[i], good);
        sockets(bad[i]);
        queues(bad[i]);
        the_rest(bad[i]);
    }
    sigset_t signals;
    siginfo_t info;
    sigemptyset(&signals);
    SHOW(signalfd(900, &signals, 0));
    SHOW(openat(900, "x", O_RDONLY));
    SHOW(waitid(P_PIDFD, 900, &info, WEXITED));
    SHOW(dup2(-1, 901));
    SHOW(dup2(good, -1));
    SHOW(dup2(good, 1 << 30));
    SHOW(dup3(900, 901, O_CLOEXEC));
    SHOW(dup2(900, 900));
    SHOW(dup3(good, good, 0));
    SHOW(dup3(good, 901, 1));
    SHOW(close(good));
    return 0;
}
