// stdin, which a pipe has been put in the place of: characters, numbers, words and lines that come late; then by wide characters.
#include <fcntl.h>
#include <pthread.h>
#include <wchar.h>

#include "guest.h"

struct Input {
    int fd;
    const char* const* pieces;
};

static void* in_pieces(void* to) {
    const struct Input* input = to;
    for (const char* const* piece = input->pieces; *piece != NULL; ++piece) {
        rest(200);
        MUST(write(input->fd, *piece, strlen(*piece)));
    }
    rest(200);
    MUST(close(input->fd));
    return NULL;
}

static const char* const narrow_pieces[] = {"a",        "b",    " 12",      "34 word ",
                                            "first li", "ne\n", "second\n", NULL};

static void narrow(void) {
    int number = 0;
    char text[32] = "", *line = NULL;
    size_t room = 0;
    SHOW_WAIT(50, getchar());
    SHOW_WAIT(30, getchar_unlocked());
    SHOW_WAIT(30, scanf("%d", &number));
    SHOW(number);
    SHOW(scanf("%30s", text));
    printf("[%s]\n", text);
    SHOW_WAIT(30, fgets(text, sizeof text, stdin) == text);
    printf("[%s]\n", text);
    SHOW_WAIT(30, getline(&line, &room, stdin));
    printf("[%s]\n", line);
    free(line);
    SHOW_WAIT(30, getchar());
    SHOW(scanf("%d", &number));
    SHOW(feof(stdin) != 0 && ferror(stdin) == 0);
}

// To each call its piece: the beginning of a wide line is all that is waited for.
static const char* const wide_pieces[] = {"a", "b", "34 ", "line\n", NULL};

static void wide(void) {
    int number = 0;
    wchar_t text[32] = L"";
    SHOW_WAIT(50, getwchar());
    SHOW_WAIT(30, fgetwc(stdin));
    SHOW_WAIT(30, wscanf(L"%d", &number));
    SHOW(number);
    SHOW(getwchar());
    SHOW_WAIT(30, fgetws(text, 32, stdin) == text);
    printf("[%ls]\n", text);
    SHOW_WAIT(30, (int)getwchar());
    SHOW(feof(stdin) != 0 && ferror(stdin) == 0);
}

static void with_input(const char* const* pieces, void (*reading)(void)) {
    int ends[2];
    pthread_t thread;
    MUST(pipe(ends));
    struct Input input = {ends[1], pieces};
    SHOW(dup2(ends[0], 0));
    SHOW(close(ends[0]));
    // A stream that has been read as bytes gives no wide characters before it is opened anew.
    SHOW(freopen("/dev/stdin", "r", stdin) == stdin);
    pthread_create(&thread, NULL, in_pieces, &input);
    reading();
    pthread_join(thread, NULL);
}

int main(void) {
    with_input(narrow_pieces, narrow);
    with_input(wide_pieces, wide);
    return 0;
}
