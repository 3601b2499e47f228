// guest: many
// stdio on pipes: lines, words, blocks and numbers that come late and in pieces; the end, errors, what is in the buffer.
#include <fcntl.h>
#include <pthread.h>

#include "guest.h"

static void* in_pieces(void* to) {
    static const char* const pieces[] = {
        "first li", "ne\nsecond line\nthi", "rd\n12 ", "34 word", " rest\n", "0123", "456789"};
    const int fd = *(int*)to;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; ++i) {
        rest(80);
        MUST(write(fd, pieces[i], strlen(pieces[i])));
    }
    rest(80);
    MUST(close(fd));
    return NULL;
}

static void reading(void) {
    int ends[2], a = 0, b = 0;
    char line[64] = "", *got = NULL;
    size_t room = 0;
    pthread_t thread;
    MUST(pipe(ends));
    FILE* in = fdopen(ends[0], "r");
    pthread_create(&thread, NULL, in_pieces, &ends[1]);
    SHOW_WAIT(50, fgets(line, sizeof line, in) == line);
    printf("[%s]\n", line);

    SHOW(getline(&got, &room, in));
    printf("[%s]\n", got);
    SHOW(fgetc(in));
    SHOW(ungetc('T', in));
    SHOW_WAIT(30, getdelim(&got, &room, 'd', in));
    printf("[%s]\n", got);
    SHOW_WAIT(30, fscanf(in, "%d %d", &a, &b));
    printf("%d %d\n", a, b);
    SHOW_WAIT(30, fscanf(in, "%60s", line));
    printf("[%s]\n", line);
    SHOW(fgets(line, sizeof line, in) == line);
    printf("[%s]\n", line);
    SHOW_WAIT(30, fread(line, 1, 8, in));
    printf("[%.8s]\n", line);
    SHOW(feof(in));
    SHOW_WAIT(30, fread(line, 4, 16, in));
    SHOW(feof(in) != 0);
    SHOW(ferror(in));
    SHOW(fgetc(in));
    clearerr(in);
    SHOW(getline(&got, &room, in));
    pthread_join(thread, NULL);
    free(got);
    SHOW(fseek(in, 0, SEEK_SET));
    SHOW(fclose(in));
}

static void errors(void) {
    int ends[2];
    char text[8];
    MUST(pipe2(ends, O_NONBLOCK));
    FILE* in = fdopen(ends[0], "r");

    SHOW(fgetc(in));
    SHOW(ferror(in) != 0);
    SHOW(feof(in));
    clearerr(in);
    MUST(write(ends[1], "ab", 2));
    SHOW(fread(text, 1, sizeof text, in));
    SHOW(ferror(in) != 0);

    SHOW(fdopen(-1, "r") == NULL);
    FILE* out = fdopen(ends[1], "w");
    SHOW(setvbuf(out, NULL, _IONBF, 0));
    SHOW(fputs("now", out));
    SHOW(read(ends[0], text, sizeof text));
    SHOW(fclose(out));
    clearerr(in);
    SHOW(fgetc(in));
    SHOW(feof(in) != 0 && ferror(in) == 0);
    SHOW(fclose(in));
}

int main(void) {
    reading();
    errors();
    return 0;
}
