// guest: many
// recvmmsg and sendmmsg: many at once, some and then a wait, one wait only, a limit of time, an error in the middle.
#include <pthread.h>

#include "net.h"

enum { count = 5 };

struct batch {
    char text[count][32];
    struct iovec pieces[count];
    struct mmsghdr all[count];
};

static void prepare(struct batch* batch, const char* text) {
    memset(batch, 0, sizeof *batch);
    for (int i = 0; i < count; ++i) {
        snprintf(batch->text[i], sizeof batch->text[i], "%s%d", text, i);
        batch->pieces[i] =
            (struct iovec){batch->text[i], text[0] != '\0' ? strlen(batch->text[i]) : sizeof batch->text[i]};
        batch->all[i].msg_hdr.msg_iov = &batch->pieces[i];
        batch->all[i].msg_hdr.msg_iovlen = 1;
    }
}

static void* send_in_pieces(void* to) {
    struct batch batch;
    prepare(&batch, "late");
    rest(150);
    MUST(sendmmsg(*(int*)to, batch.all, 2, 0));
    rest(150);
    MUST(sendmmsg(*(int*)to, batch.all + 2, 3, 0));
    return NULL;
}

static void datagrams(int from, int to) {
    struct batch in, out;
    pthread_t thread;
    prepare(&out, "m");
    prepare(&in, "");
    SHOW(recvmmsg(to, in.all, count, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(from, out.all, count, 0));
    SHOW(out.all[4].msg_len);
    SHOW(recvmmsg(to, in.all, 3, 0, NULL));
    printf("%.2s %.2s %.2s, %u bytes\n", in.text[0], in.text[1], in.text[2], in.all[2].msg_len);
    SHOW(recvmmsg(to, in.all, count, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(from, out.all, 0, 0));
    SHOW(recvmmsg(to, in.all, 0, 0, NULL));
    pthread_create(&thread, NULL, send_in_pieces, &from);
    SHOW_WAIT(150, recvmmsg(to, in.all, count, 0, NULL));
    pthread_join(thread, NULL);
    printf("%.5s %.5s\n", in.text[1], in.text[4]);
    pthread_create(&thread, NULL, send_in_pieces, &from);
    int first = 0;
    SHOW_WAIT(50, (first = recvmmsg(to, in.all, count, MSG_WAITFORONE, NULL)) > 0);
    SHOW(first <= 2);
    SHOW_WAIT(50, recvmmsg(to, in.all, (unsigned)(count - first), 0, NULL) == count - first);
    pthread_join(thread, NULL);
}

/// The limit is looked at after each message only; the kernel says so itself. What is left of it comes back.
static void limited(int from, int to) {
    struct batch in;
    pthread_t thread;
    struct timespec none = {0, 0}, bad = {0, 1000000000}, brief = {0, 50000000}, much = {5, 0};
    prepare(&in, "");
    MUST(send(from, "x", 1, 0));
    MUST(send(from, "y", 1, 0));
    SHOW(recvmmsg(to, in.all, count, 0, &none));
    SHOW(recvmmsg(to, in.all, count, 0, &bad));
    SHOW(recvmmsg(to, in.all, 1, 0, &much));
    SHOW(much.tv_sec <= 5);
    pthread_create(&thread, NULL, send_in_pieces, &from);
    SHOW_WAIT(50, recvmmsg(to, in.all, count, 0, &brief));
    rest(250);  // the join itself waits for nothing then: it would stop a hub
    pthread_join(thread, NULL);
    SHOW(brief.tv_sec + brief.tv_nsec);
    SHOW(recvmmsg(to, in.all, count, MSG_DONTWAIT, NULL));
}

int main(void) {
    struct batch batch;
    const int to = bound_socket(SOCK_DGRAM), from = bound_socket(SOCK_DGRAM);
    const struct sockaddr_in address = bound(to);
    prepare(&batch, "e");
    SHOW(sendmmsg(from, batch.all, count, 0));
    SHOW(connect(from, (const struct sockaddr*)&address, sizeof address));
    datagrams(from, to);
    limited(from, to);
    char* much = calloc(1, 70000);
    batch.pieces[2] = (struct iovec){much, 70000};
    SHOW(sendmmsg(from, batch.all, count, 0));
    SHOW(sendmmsg(from, batch.all + 2, 3, 0));
    SHOW(recvmmsg(to, batch.all, 2, MSG_WAITFORONE, NULL));
    free(much);
    SHOW(recvmmsg(-1, batch.all, 1, 0, NULL));
    SHOW(sendmmsg(-1, batch.all, 1, 0));
    close(to);
    close(from);
    return 0;
}
