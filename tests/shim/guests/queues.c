// POSIX message queues: empty and full ones are waited for, priorities, limits of time, what is refused.
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sys/stat.h>

#include "later.h"

static void* send_late(void* queue) {
    rest(200);
    MUST(mq_send(*(mqd_t*)queue, "late", 4, 1));
    return NULL;
}

static void* take_late(void* queue) {
    char text[16];
    rest(200);
    MUST(mq_receive(*(mqd_t*)queue, text, sizeof text, NULL));
    return NULL;
}

static void times(mqd_t queue) {
    char text[16];
    const struct timespec bad = {0, 1000000000}, past = {1, 0};
    struct timespec until = later(CLOCK_REALTIME, 150);
    SHOW_WAIT(149, mq_timedreceive(queue, text, sizeof text, NULL, &until));
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &past));
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &bad));
    SHOW(mq_timedsend(queue, "a", 1, 0, &past));
    SHOW(mq_timedsend(queue, "b", 1, 0, &bad));
    SHOW(mq_timedsend(queue, "b", 1, 0, &past));
    until = later(CLOCK_REALTIME, 150);
    SHOW_WAIT(149, mq_timedsend(queue, "c", 1, 0, &until));
    SHOW(mq_timedreceive(queue, text, sizeof text, NULL, &past));
    SHOW(mq_receive(queue, text, sizeof text, NULL));
}

static void refusals(mqd_t queue, const char* name) {
    char text[16];
    struct mq_attr attributes = {.mq_flags = O_NONBLOCK};
    SHOW(mq_receive(queue, text, 15, NULL));
    SHOW(mq_send(queue, text, 17, 0));
    SHOW(mq_send(queue, text, 1, 40000));
    SHOW(mq_setattr(queue, &attributes, NULL));
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    SHOW(mq_getattr(queue, &attributes));
    SHOW(attributes.mq_flags == O_NONBLOCK);
    SHOW(attributes.mq_maxmsg);
    SHOW(attributes.mq_curmsgs);
    SHOW(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL));
    SHOW(mq_open("/weft-guest-nonexistent", O_RDWR));
    const mqd_t reader = mq_open(name, O_RDONLY);
    SHOW(mq_send(reader, "x", 1, 0));
    SHOW(mq_close(reader));
    SHOW(mq_receive((mqd_t)-1, text, sizeof text, NULL));
}

int main(void) {
    char name[32], text[16];
    unsigned priority = 0;
    pthread_t thread;
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
    snprintf(name, sizeof name, "/weft-guest-%d", (int)getpid());
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    MUST(queue);
    SHOW(mq_send(queue, "low", 3, 1));
    SHOW(mq_send(queue, "high!", 5, 9));
    SHOW(mq_receive(queue, text, sizeof text, &priority));
    printf("%.5s, %u\n", text, priority);
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    pthread_create(&thread, NULL, send_late, &queue);
    SHOW_WAIT(100, mq_receive(queue, text, sizeof text, &priority));
    printf("%.4s, %u\n", text, priority);
    pthread_join(thread, NULL);
    SHOW(mq_send(queue, "1", 1, 0));
    SHOW(mq_send(queue, "2", 1, 0));
    pthread_create(&thread, NULL, take_late, &queue);
    SHOW_WAIT(100, mq_send(queue, "3", 1, 0));
    pthread_join(thread, NULL);
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    SHOW(mq_receive(queue, text, sizeof text, NULL));
    times(queue);
    refusals(queue, name);
    SHOW(mq_close(queue));
    SHOW(mq_close(queue));
    SHOW(mq_unlink(name));
    SHOW(mq_unlink(name));
    return 0;
}
