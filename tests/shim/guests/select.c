// select and pselect: which bits are left, what becomes of the time, closed and duplicate descriptors, no descriptors at all.
#include <fcntl.h>
#include <pthread.h>
#include <sys/select.h>

#include "net.h"

static void* write_late(void* to) {
    rest(200);
    MUST(write(*(int*)to, "x", 1));
    return NULL;
}

static void wait_for_one(void) {
    int a[2], b[2];
    fd_set in, out;
    pthread_t thread;
    MUST(pipe(a));
    MUST(pipe(b));
    const int top = (b[1] > a[1] ? b[1] : a[1]) + 1;
    FD_ZERO(&in);
    FD_SET(a[0], &in);
    FD_SET(b[0], &in);
    struct timeval time = {0, 0};
    SHOW(select(top, &in, NULL, NULL, &time));
    SHOW(FD_ISSET(a[0], &in) || FD_ISSET(b[0], &in));
    FD_SET(a[0], &in);
    FD_SET(b[0], &in);
    pthread_create(&thread, NULL, write_late, &b[1]);
    time = (struct timeval){5, 0};
    SHOW_WAIT(100, select(top, &in, NULL, NULL, &time));
    pthread_join(thread, NULL);
    SHOW(FD_ISSET(a[0], &in) != 0);
    SHOW(FD_ISSET(b[0], &in) != 0);
    SHOW(time.tv_sec < 5);
    FD_ZERO(&out);
    FD_SET(a[1], &out);
    FD_SET(b[1], &out);
    FD_SET(a[0], &in);
    SHOW(select(top, &in, &out, NULL, NULL));
    SHOW(FD_ISSET(a[0], &in) != 0);
    SHOW(FD_ISSET(a[1], &out) && FD_ISSET(b[1], &out) && FD_ISSET(b[0], &in));
    SHOW(select(0, &in, NULL, NULL, &(struct timeval){0, 0}));
    SHOW(FD_ISSET(b[0], &in) != 0);

    close(a[1]);
    FD_ZERO(&in);
    FD_SET(a[0], &in);
    SHOW(select(top, &in, NULL, NULL, NULL));
    SHOW(FD_ISSET(a[0], &in) != 0);
    close(a[0]);
    SHOW(select(top, &in, NULL, NULL, NULL));
    SHOW(FD_ISSET(a[0], &in) != 0);
    close(b[0]);
    close(b[1]);
}

static void exceptional(void) {
    int ends[2];
    fd_set in, except;
    tcp_pair(ends);
    MUST(send(ends[1], "!", 1, MSG_OOB));
    FD_ZERO(&in);
    FD_ZERO(&except);
    FD_SET(ends[0], &in);
    FD_SET(ends[0], &except);
    SHOW(select(ends[0] + 1, NULL, NULL, &except, NULL));
    SHOW(FD_ISSET(ends[0], &except) != 0);
    SHOW(select(ends[0] + 1, &in, NULL, &except, &(struct timeval){0, 0}));
    SHOW(FD_ISSET(ends[0], &in) != 0);
    close(ends[1]);
    FD_SET(ends[0], &in);
    SHOW(select(ends[0] + 1, &in, NULL, NULL, NULL));
    close(ends[0]);
}

static void limits(void) {
    fd_set none, too, also;
    struct timeval time = {0, 100000};
    const struct timespec brief = {0, 100000000}, bad = {0, 1000000000}, negative = {0, -1};
    FD_ZERO(&none);
    FD_ZERO(&too);
    FD_ZERO(&also);
    SHOW_WAIT(100, select(0, NULL, NULL, NULL, &time));
    SHOW(time.tv_sec == 0 && time.tv_usec == 0);
    time.tv_usec = 100000;
    SHOW_WAIT(100, select(100, &none, &too, &also, &time));
    SHOW_WAIT(100, pselect(0, NULL, NULL, NULL, &brief, NULL));
    SHOW(brief.tv_nsec);
    time = (struct timeval){-1, 0};
    SHOW(select(0, NULL, NULL, NULL, &time));
    time = (struct timeval){0, -1};
    SHOW(select(0, NULL, NULL, NULL, &time));
    time = (struct timeval){0, 1100000};
    SHOW_WAIT(1100, select(0, NULL, NULL, NULL, &time));
    SHOW(select(-1, NULL, NULL, NULL, NULL));
    SHOW(pselect(0, NULL, NULL, NULL, &bad, NULL));
    SHOW(pselect(0, NULL, NULL, NULL, &negative, NULL));
    const int file = open("/dev/null", O_RDWR);
    FD_SET(file, &none);
    SHOW(select(file + 1, &none, NULL, NULL, NULL));
    SHOW(FD_ISSET(file, &none) != 0);
    close(file);
}

int main(void) {
    wait_for_one();
    exceptional();
    limits();
    return 0;
}
