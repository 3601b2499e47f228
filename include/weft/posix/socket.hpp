// libc's calls on sockets under their own names, cooperative: where the original would block its thread, the calling fiber parks.
// weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <sys/socket.h>

#include <cstddef>

namespace weft::posix {

// A plain thread may be cancelled by pthread_cancel() in those that are not noexcept, and is unwound through them.

WEFT_API int socket(int family, int type, int protocol) noexcept;
WEFT_API int socketpair(int family, int type, int protocol, int* ends) noexcept;
WEFT_API int accept(int fd, sockaddr* peer, socklen_t* length);
WEFT_API int accept4(int fd, sockaddr* peer, socklen_t* length, int flags);
WEFT_API int connect(int fd, const sockaddr* peer, socklen_t length) noexcept;
WEFT_API int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept;

WEFT_API ssize_t recv(int fd, void* to, std::size_t size, int flags) noexcept;
WEFT_API ssize_t recvfrom(int fd, void* to, std::size_t size, int flags, sockaddr* from,
                          socklen_t* length) noexcept;
WEFT_API ssize_t recvmsg(int fd, msghdr* message, int flags);
WEFT_API int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit);
WEFT_API ssize_t send(int fd, const void* from, std::size_t size, int flags) noexcept;
WEFT_API ssize_t sendto(int fd, const void* from, std::size_t size, int flags, const sockaddr* to,
                        socklen_t length) noexcept;
WEFT_API ssize_t sendmsg(int fd, const msghdr* message, int flags);
WEFT_API int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags);

}  // namespace weft::posix
