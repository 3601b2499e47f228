// A pseudo-terminal: what is typed late, by lines and raw, its end of file, its hang-up, its size.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "guest.h"

static void* type_late(void* at) {
    static const char* const pieces[] = {"he", "llo\n", "\004", "x"};
    for (int i = 0; i < 4; ++i) {
        rest(150);
        MUST(write(*(int*)at, pieces[i], strlen(pieces[i])));
    }
    return NULL;
}

static int is_set(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

static void quiet(int fd, int raw) {
    struct termios mode;
    MUST(tcgetattr(fd, &mode));
    mode.c_lflag &= ~(tcflag_t)(raw ? ECHO | ICANON : ECHO);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    MUST(tcsetattr(fd, TCSANOW, &mode));
}

int main(void) {
    int outer, inner, waiting = 0;
    char text[32] = "";
    pthread_t thread;
    struct winsize size = {24, 80, 0, 0};
    SHOW(openpty(&outer, &inner, NULL, NULL, &size));
    quiet(inner, 0);
    SHOW(isatty(inner));
    SHOW(is_set(inner) + is_set(outer));
    pthread_create(&thread, NULL, type_late, &outer);
    FILE* in = fdopen(inner, "r+");
    SHOW_WAIT(100, fgets(text, sizeof text, in) == text);
    fputs(text, stdout);
    SHOW_WAIT(50, read(inner, text, sizeof text));
    quiet(inner, 1);
    SHOW_WAIT(50, read(inner, text, sizeof text));
    putchar(text[0]);
    putchar('\n');
    pthread_join(thread, NULL);

    struct pollfd look = {inner, POLLIN, 0};
    SHOW_WAIT(100, poll(&look, 1, 100));
    SHOW(write(outer, "ab", 2));
    SHOW(poll(&look, 1, -1));
    SHOW(look.revents == POLLIN);
    SHOW(ioctl(inner, FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(read(inner, text, 1));
    SHOW(fcntl(inner, F_SETFL, fcntl(inner, F_GETFL) | O_NONBLOCK));
    SHOW(read(inner, text, sizeof text));
    SHOW(read(inner, text, sizeof text));
    SHOW(is_set(inner));
    SHOW(fcntl(inner, F_SETFL, fcntl(inner, F_GETFL) & ~O_NONBLOCK));
    SHOW(ioctl(inner, TIOCGWINSZ, &size));
    SHOW(size.ws_col);
    SHOW(write(inner, "out\n", 4));
    SHOW(read(outer, text, sizeof text));
    SHOW(tcdrain(inner));
    SHOW(fclose(in));
    SHOW(read(outer, text, sizeof text));
    SHOW(close(outer));
    SHOW(openpty(&outer, &inner, NULL, NULL, NULL));
    SHOW(close(outer));
    SHOW(read(inner, text, sizeof text));
    SHOW(write(inner, "x", 1));
    SHOW(close(inner));
    return 0;
}
