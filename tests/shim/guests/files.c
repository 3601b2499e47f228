// guest: many
// guest: hub waits: opening a FIFO does, as long as nobody has its other end
// Regular files and directories, which never wait: offsets, holes, vectors, appending, O_NONBLOCK without effect, stdio on them; and FIFOs,
// whose opening waits for the other end.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "guest.h"

static void regular(int fd) {
    char text[16] = "";
    struct iovec out[2] = {{"abc", 3}, {"defgh", 5}}, in[2] = {{text, 4}, {text + 4, 12}};
    SHOW(writev(fd, out, 2));
    SHOW(read(fd, text, sizeof text));
    SHOW(pread(fd, text, 4, 2));
    printf("%.4s\n", text);
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(readv(fd, in, 2));
    SHOW(pwritev(fd, out, 1, 100));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(preadv(fd, in, 2, 98));
    SHOW(text[0] == 0 && text[2] == 'a');
    SHOW(pread(fd, text, 1, -1));
    SHOW(pread(fd, text, 1, 1000));
    SHOW(preadv2(fd, in, 2, 0, 0));
    SHOW(pwrite(fd, "x", 1, 200));
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
    SHOW((fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND)) == (O_RDWR | O_NONBLOCK | O_APPEND));
    SHOW(pwrite(fd, "y", 1, 0));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(write(fd, "z", 1));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(ftruncate(fd, 3));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(lseek(fd, -10, SEEK_CUR));
}

static void with_stdio(const char* path) {
    char line[32] = "";
    FILE* file = fopen(path, "w+");
    SHOW(fprintf(file, "one\ntwo %d\n", 2));
    SHOW(fseek(file, 0, SEEK_SET));
    SHOW(fgets(line, sizeof line, file) == line);
    SHOW(ftell(file));
    SHOW(fgets(line, sizeof line, file) == line);
    fputs(line, stdout);
    SHOW(fgets(line, sizeof line, file) == NULL);
    SHOW(fclose(file));
    SHOW(fopen("/nonexistent/file", "r") == NULL);
}

static void others(const char* directory) {
    char text[4];
    const int there = open(directory, O_RDONLY | O_DIRECTORY);
    SHOW(read(there, text, sizeof text));
    SHOW(close(there));
    const int null = open("/dev/null", O_RDWR);
    SHOW(read(null, text, sizeof text));
    SHOW(write(null, "abc", 3));
    SHOW(close(null));
    const int zero = open("/dev/zero", O_RDONLY);
    SHOW(read(zero, text, sizeof text));
    SHOW(close(zero));
    const int full = open("/dev/full", O_WRONLY);
    SHOW(write(full, text, sizeof text));
    SHOW(close(full));
}

static void* open_late(void* path) {
    rest(100);
    const int fd = open(path, O_WRONLY);
    MUST(fd);
    rest(200);
    MUST(write(fd, "fifo", 4));
    close(fd);
    return NULL;
}

static void fifo(char* path) {
    char text[8];
    pthread_t thread;
    MUST(mkfifo(path, 0600));
    SHOW(open(path, O_WRONLY | O_NONBLOCK));
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    SHOW(read(reader, text, sizeof text));
    SHOW(close(reader));
    pthread_create(&thread, NULL, open_late, path);
    const int fd = open(path, O_RDONLY);
    SHOW_WAIT(100, read(fd, text, sizeof text));
    SHOW(read(fd, text, sizeof text));
    pthread_join(thread, NULL);
    SHOW(close(fd));
}

int main(void) {
    char directory[] = "/tmp/weft-guest-XXXXXX", path[64];
    MUST(mkdtemp(directory) == NULL ? -1 : 0);
    snprintf(path, sizeof path, "%s/file", directory);
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    regular(fd);
    SHOW(close(fd));
    with_stdio(path);
    MUST(unlink(path));
    others(directory);
    fifo(path);
    MUST(unlink(path));
    MUST(rmdir(directory));
    return 0;
}
