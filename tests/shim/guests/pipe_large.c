// guest: many
// Writes that are larger than a pipe, for a slow reader; small writes of several threads, none of which is torn apart.
#include <limits.h>
#include <pthread.h>
#include <sys/uio.h>

#include "guest.h"

enum { amount = 300000, writers = 4, messages = 50, message_size = 1000 };

static void* slow_reader(void* from) {
    char piece[30000];
    long total = 0;
    unsigned char next = 0;
    const int fd = *(int*)from;
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0; total += got) {
        for (ssize_t i = 0; i < got; ++i) {
            if ((unsigned char)piece[i] != next++) {
                return "what came is not what was sent";
            }
        }
        rest(20);
    }
    return total == 2L * amount ? "all came, in order" : "the end came early";
}

static void large(void) {
    int ends[2];
    void* verdict = NULL;
    pthread_t thread;
    unsigned char* data = malloc(2 * amount);
    for (int i = 0; i < 2 * amount; ++i) {
        data[i] = (unsigned char)i;
    }
    MUST(pipe(ends));
    pthread_create(&thread, NULL, slow_reader, &ends[0]);
    SHOW_WAIT(30, write(ends[1], data, amount));
    struct iovec parts[3] = {
        {data + amount, 1}, {data + amount + 1, 99999}, {data + amount + 100000, 200000}};
    SHOW_WAIT(30, writev(ends[1], parts, 3));
    SHOW(close(ends[1]));
    rest(200);
    pthread_join(thread, &verdict);
    puts(verdict);
    SHOW(close(ends[0]));
    free(data);
}

struct writer {
    int fd;
    char letter;
};

static void* write_messages(void* of) {
    const struct writer* writer = of;
    char message[message_size];
    memset(message, writer->letter, sizeof message);
    for (int i = 0; i < messages; ++i) {
        MUST(write(writer->fd, message, sizeof message) == sizeof message ? 0 : -1);
    }
    return NULL;
}

static void atomic(void) {
    int ends[2];
    char message[message_size];
    struct writer each[writers];
    pthread_t threads[writers];
    int torn = 0;
    int of_writer[writers] = {0};
    MUST(pipe(ends));
    for (int i = 0; i < writers; ++i) {
        each[i] = (struct writer){ends[1], (char)('a' + i)};
        pthread_create(&threads[i], NULL, write_messages, &each[i]);
    }
    for (int i = 0; i < writers * messages; ++i) {
        for (size_t have = 0; have < sizeof message;) {
            have += (size_t)read(ends[0], message + have, sizeof message - have);
        }
        for (size_t k = 1; k < sizeof message; ++k) {
            torn += message[k] != message[0];
        }
        ++of_writer[message[0] - 'a'];
    }
    for (int i = 0; i < writers; ++i) {
        pthread_join(threads[i], NULL);
        printf("writer %d: %d messages\n", i, of_writer[i]);
    }
    printf("bytes out of place: %d\n", torn);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

int main(void) {
    large();
    atomic();
    return 0;
}
