// Sockets with paths and with abstract names; packets that keep their bounds; who the peer is.
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "guest.h"

static const struct sockaddr* any(const struct sockaddr_un* address) {
    return (const struct sockaddr*)address;
}

static void* connect_late(void* argument) {
    const struct sockaddr_un* address = argument;
    char text[16];
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    rest(200);
    MUST(connect(fd, any(address), sizeof *address));
    const ssize_t got = read(fd, text, sizeof text);
    rest(100);
    MUST(write(fd, text, (size_t)got));
    close(fd);
    return NULL;
}

static void streams(const struct sockaddr_un* address) {
    char text[16] = "";
    pthread_t thread;
    struct ucred peer;
    socklen_t size = sizeof peer;
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(bind(listener, any(address), sizeof *address));
    SHOW(bind(listener, any(address), sizeof *address));
    SHOW(listen(listener, 1));
    pthread_create(&thread, NULL, connect_late, (void*)address);
    int fd = -1;
    SHOW_WAIT(100, (fd = accept(listener, NULL, NULL)) >= 0);
    SHOW(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size));
    SHOW(peer.pid == getpid() && peer.uid == getuid());
    SHOW(write(fd, "echo", 4));
    SHOW_WAIT(50, read(fd, text, sizeof text));
    puts(text);
    SHOW(read(fd, text, sizeof text));
    pthread_join(thread, NULL);
    SHOW(close(fd));
    SHOW(close(listener));
}

/// A backlog of one: with it full, a blocking connect waits until there is room, one that does not want to wait is told EAGAIN.
static void backlog(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "weft guest backlog %d", (int)getpid());
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(listener, any(&address), sizeof address));
    MUST(listen(listener, 0));
    const int first = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(first, any(&address), sizeof address));
    const int hasty = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(hasty, any(&address), sizeof address));
    pthread_t thread;
    pthread_create(&thread, NULL, connect_late, &address);
    rest(300);
    int fd = -1;
    SHOW((fd = accept(listener, NULL, NULL)) >= 0);
    close(fd);
    SHOW((fd = accept(listener, NULL, NULL)) >= 0);
    SHOW(write(fd, "room", 4));
    SHOW(read(fd, &address, 4));
    pthread_join(thread, NULL);
    close(fd);
    close(first);
    close(hasty);
    close(listener);
}

static void packets(void) {
    int ends[2];
    char text[8] = "";
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
    SHOW(send(ends[0], "one", 3, 0));
    SHOW(send(ends[0], "twotwo", 6, 0));
    SHOW(recv(ends[1], text, sizeof text, MSG_WAITALL));
    SHOW(recv(ends[1], text, 3, MSG_TRUNC));
    SHOW(recv(ends[1], text, sizeof text, MSG_DONTWAIT));
    SHOW(send(ends[0], "", 0, 0));
    SHOW(recv(ends[1], text, sizeof text, 0));
    SHOW(close(ends[0]));
    SHOW(recv(ends[1], text, sizeof text, 0));
    SHOW(send(ends[1], "x", 1, MSG_NOSIGNAL));
    SHOW(close(ends[1]));
}

int main(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/weft-guest-XXXXXX";
    MUST(mkdtemp(directory) == NULL ? -1 : 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    streams(&address);
    SHOW(unlink(address.sun_path));
    SHOW(rmdir(directory));
    memset(address.sun_path, 0, sizeof address.sun_path);
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "weft guest %d", (int)getpid());
    streams(&address);
    backlog();
    packets();
    return 0;
}
