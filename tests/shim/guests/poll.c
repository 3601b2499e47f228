// guest: many
// poll: nothing to wait for, many descriptors, the same one twice, negative and closed ones, hang-ups, files, limits.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

#include "net.h"

enum { pipes = 40 };

static void* write_late(void* to) {
    rest(200);
    MUST(write(*(int*)to, "x", 1));
    return NULL;
}

static void many(void) {
    struct pollfd all[pipes + 3];
    int ends[pipes][2];
    pthread_t thread;
    for (int i = 0; i < pipes; ++i) {
        MUST(pipe(ends[i]));
        all[i] = (struct pollfd){ends[i][0], POLLIN, -1};
    }
    all[pipes] = (struct pollfd){-1, POLLIN, -1};
    all[pipes + 1] = (struct pollfd){ends[17][0], POLLIN | POLLOUT, -1};
    all[pipes + 2] = (struct pollfd){ends[17][0], 0, -1};
    SHOW(poll(all, pipes + 3, 0));
    SHOW_WAIT(150, poll(all, pipes + 3, 150));
    int touched = 0;
    for (int i = 0; i < pipes + 3; ++i) {
        touched += all[i].revents != 0;
    }
    SHOW(touched);
    pthread_create(&thread, NULL, write_late, &ends[17][1]);
    SHOW_WAIT(100, poll(all, pipes + 3, -1));
    pthread_join(thread, NULL);
    SHOW(all[17].revents == POLLIN);
    SHOW(all[pipes].revents);
    SHOW(all[pipes + 1].revents == POLLIN);
    SHOW(all[pipes + 2].revents);
    SHOW(all[16].revents);
    for (int i = 0; i < pipes; ++i) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    all[0].fd = 1 << 30;
    all[1].fd = (1 << 30) + 1;
    SHOW(poll(all, 2, -1));
    SHOW(all[0].revents == POLLNVAL && all[1].revents == POLLNVAL);
}

static void hang_ups(void) {
    int ends[2];
    struct pollfd look = {.events = POLLIN | POLLRDHUP};
    MUST(pipe(ends));
    MUST(write(ends[1], "x", 1));
    close(ends[1]);
    look.fd = ends[0];
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == (POLLIN | POLLHUP));
    SHOW(read(look.fd, &ends[1], 1));
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLHUP);
    look.events = 0;
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLHUP);
    close(ends[0]);

    tcp_pair(ends);
    look = (struct pollfd){ends[0], POLLIN | POLLOUT | POLLRDHUP, 0};
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLOUT);
    MUST(shutdown(ends[1], SHUT_WR));
    look.events = POLLIN | POLLRDHUP;
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == (POLLIN | POLLRDHUP));
    MUST(shutdown(ends[0], SHUT_WR));
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == (POLLIN | POLLRDHUP | POLLHUP));
    close(ends[0]);
    close(ends[1]);
}

static void others(void) {
    struct pollfd file = {.fd = open("/dev/null", O_RDWR), .events = POLLIN | POLLOUT};
    SHOW(poll(&file, 1, -1));
    SHOW(file.revents == (POLLIN | POLLOUT));
    close(file.fd);
    file.fd = open("/proc/self/exe", O_RDONLY);
    file.events = POLLIN;
    SHOW(poll(&file, 1, -1));
    SHOW(file.revents == POLLIN);
    close(file.fd);
    SHOW_WAIT(100, poll(NULL, 0, 100));
    SHOW(poll(NULL, 0, 0));
    struct pollfd none[2] = {{-1, POLLIN, 5}, {-7, POLLOUT, 5}};
    SHOW_WAIT(100, poll(none, 2, 100));
    SHOW(none[0].revents == 0 && none[1].revents == 0);
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    const nfds_t too_many = limit.rlim_cur + 1;
    SHOW(poll(NULL, too_many, 0));
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, brief = {0, 100000000};
    SHOW(ppoll(none, 2, &bad, NULL));
    SHOW(ppoll(none, 2, &negative, NULL));
    SHOW_WAIT(100, ppoll(none, 2, &brief, NULL));
    SHOW(brief.tv_nsec);
}

int main(void) {
    many();
    hang_ups();
    others();
    return 0;
}
