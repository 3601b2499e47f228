/* What the C and C++ peers share, so that they differ in nothing but how they wait:
 * one listener, one buffer size, one backlog, one set of socket options. */
#ifndef WEFT_BENCH_PEERS_COMMON_H
#define WEFT_BENCH_PEERS_COMMON_H

#ifdef __cplusplus
extern "C" {
#endif

enum { ECHO_BUFFER_BYTES = 16 * 1024, ECHO_BACKLOG = 1024 };

/* The port argument: 0 (the system picks) when absent; a bad one ends the program with status 2. `--version`
 * prints what the server is built on and ends it. */
int echo_port_argument(int argc, char** argv, const char* version);

/* Listens on 127.0.0.1:port and prints `listening on 127.0.0.1:PORT`; ends the program if it cannot. */
int echo_listen(int port, int nonblocking);

/* Prints the first line every server prints once it can be connected to. */
void echo_announce(int port);

/* The options every accepted connection gets. */
void echo_socket_options(int fd);

/* Prints what failed, with errno, and ends the program with status 1. */
void echo_die(const char* what);

/* Waits a little when no descriptors are left, so that a level-triggered listener does not spin;
 * returns nonzero when the failed accept is of a kind after which the server goes on. */
int echo_accept_can_go_on(void);

#ifdef __cplusplus
}
#endif
#endif
