// guest: many
// What connect and its kin say: refused, under way, already there, no socket at all, nobody at a path.
#include <fcntl.h>
#include <poll.h>
#include <sys/un.h>

#include "net.h"

static const struct sockaddr* any(const void* address) { return (const struct sockaddr*)address; }

static int pending_error(int fd) {
    int error = -1;
    socklen_t size = sizeof error;
    MUST(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
    return error;
}

static void nonblocking(const struct sockaddr_in* there, const struct sockaddr_in* closed) {
    struct pollfd ready = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT};
    SHOW(connect(ready.fd, any(there), sizeof *there));
    SHOW(poll(&ready, 1, 5000));
    SHOW(ready.revents == POLLOUT);
    SHOW_ERROR(pending_error(ready.fd));
    SHOW(connect(ready.fd, any(there), sizeof *there));
    SHOW(connect(ready.fd, any(there), sizeof *there));
    SHOW(close(ready.fd));

    ready.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(ready.fd, any(closed), sizeof *closed));
    SHOW(poll(&ready, 1, 5000));
    SHOW((ready.revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP));
    SHOW_ERROR(pending_error(ready.fd));
    SHOW_ERROR(pending_error(ready.fd));
    SHOW(close(ready.fd));
}

static void unix_paths(void) {
    struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/guest"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(fd, any(&nobody), sizeof nobody));
    snprintf(nobody.sun_path, sizeof nobody.sun_path, "/dev/null");
    SHOW(connect(fd, any(&nobody), sizeof nobody));
    memset(nobody.sun_path, 0, sizeof nobody.sun_path);
    snprintf(nobody.sun_path + 1, sizeof nobody.sun_path - 1, "weft guest %d", (int)getpid());
    SHOW(connect(fd, any(&nobody), sizeof nobody));
    SHOW(connect(fd, any(&nobody), 1));
    SHOW(connect(fd, any(&nobody), sizeof nobody + 1));
    SHOW(close(fd));
}

int main(void) {
    const int listener = bound_socket(SOCK_STREAM);
    const struct sockaddr_in there = bound(listener);
    const struct sockaddr_in closed = closed_port();
    char text[4];

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(recv(fd, text, sizeof text, 0));
    SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
    SHOW(shutdown(fd, SHUT_RDWR));
    SHOW(accept(fd, NULL, NULL));
    SHOW(connect(fd, any(&closed), sizeof closed));
    SHOW(connect(fd, any(&there), 3));
    SHOW(connect(fd, any(&there), sizeof there));
    SHOW(connect(fd, any(&there), sizeof there));
    SHOW(accept(fd, NULL, NULL));
    SHOW(shutdown(fd, 7));
    SHOW(shutdown(fd, SHUT_RD));
    SHOW(recv(fd, text, sizeof text, 0));
    SHOW(close(fd));

    nonblocking(&there, &closed);
    unix_paths();
    const int file = open("/dev/null", O_RDWR);
    SHOW(connect(file, any(&there), sizeof there));
    SHOW(accept(file, NULL, NULL));
    SHOW(listen(file, 1));
    SHOW(close(file));
    SHOW(connect(-1, any(&there), sizeof there));
    SHOW(accept(-1, NULL, NULL));
    SHOW(socket(AF_INET, 77, 0));
    SHOW(socket(-1, SOCK_STREAM, 0));
    SHOW(close(listener));
    return 0;
}
