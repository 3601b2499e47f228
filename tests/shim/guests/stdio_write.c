// guest: many
// guest: hub waits
// stdio's output to a pipe that is read late: it waits inside libc.
#include <pthread.h>
#include <wchar.h>

#include "guest.h"

static void* read_late(void* from) {
    char piece[4096];
    long total = 0;
    rest(200);
    for (ssize_t got; (got = read(*(int*)from, piece, sizeof piece)) > 0; total += got) {
    }
    return (void*)total;
}

int main(void) {
    int ends[2];
    void* total = NULL;
    pthread_t thread;
    MUST(pipe(ends));
    FILE* out = fdopen(ends[1], "w");
    SHOW(setvbuf(out, NULL, _IOFBF, 4096));
    pthread_create(&thread, NULL, read_late, &ends[0]);
    const long long begin = microseconds();
    for (int i = 0; i < 20000; ++i) {
        if (fprintf(out, "line %5d\n", i) != 11) {
            puts("fprintf failed");
        }
    }
    show_elapsed(100, begin);
    SHOW(fflush(out));
    SHOW(fputws(L"wide", out));
    SHOW(fclose(out));
    pthread_join(thread, &total);
    SHOW((long)total);
    close(ends[0]);
    return 0;
}
