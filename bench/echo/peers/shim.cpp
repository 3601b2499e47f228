// The thread-per-connection server with fibers in the place of threads: plain accept, recv and send of libc, which the shim makes
// cooperative.
#include "common.h"

#include <weft/core/fiber.hpp>
#include <weft/os/limits.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <system_error>

namespace {

bool send_all(int fd, const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

void serve(int fd) {
    char buffer[ECHO_BUFFER_BYTES];
    for (;;) {
        const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0 || !send_all(fd, buffer, static_cast<std::size_t>(got))) {
            break;
        }
    }
    close(fd);
}

}  // namespace

int main(int argc, char** argv) {
    weft::os::raise_descriptor_limit();
    const int listener = echo_listen(echo_port_argument(argc, argv, "weft's shim"), 0);
    for (;;) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) {
            if (!echo_accept_can_go_on()) {
                echo_die("accept4");
            }
            continue;
        }
        echo_socket_options(fd);
        try {
            weft::spawn_detached(serve, fd);
        } catch (const std::system_error&) {
            close(fd);
        }
    }
}
