/* Echo server on State Threads: blocking style, one of its threads per connection. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

#include <st.h>

enum { STACK_BYTES = 64 * 1024 };

static void* serve(void* argument) {
    st_netfd_t socket = (st_netfd_t)argument;
    char buffer[ECHO_BUFFER_BYTES];
    for (;;) {
        const ssize_t got = st_read(socket, buffer, sizeof buffer, ST_UTIME_NO_TIMEOUT);
        if (got <= 0 || st_write(socket, buffer, (size_t)got, ST_UTIME_NO_TIMEOUT) != got) {
            break;
        }
    }
    st_netfd_close(socket);
    return NULL;
}

int main(int argc, char** argv) {
    const int port = echo_port_argument(argc, argv, "State Threads " ST_VERSION);
    /* epoll, where the library was built with it. Debian's was not and stays with select, which is cheaper than its poll but
     * ends at 1024 descriptors. */
    if (st_set_eventsys(ST_EVENTSYS_ALT) != 0 || st_init() != 0) {
        echo_die("st_init");
    }
    st_netfd_t listener = st_netfd_open_socket(echo_listen(port, 1));
    if (listener == NULL) {
        echo_die("st_netfd_open_socket");
    }
    for (;;) {
        st_netfd_t socket = st_accept(listener, NULL, NULL, ST_UTIME_NO_TIMEOUT);
        if (socket == NULL) {
            if (!echo_accept_can_go_on()) {
                echo_die("st_accept");
            }
            continue;
        }
        echo_socket_options(st_netfd_fileno(socket));
        if (st_thread_create(serve, socket, 0, STACK_BYTES) == NULL) {
            st_netfd_close(socket);
        }
    }
}
