// libc's calls that look names up, under their own names, cooperative: libc's own resolver answers, in a thread that looks names
// up for all (weft::net::resolver_load() says how busy those are). weft/posix/posix.hpp says what all of them have in common.
//
//  - What needs no look-up (addresses as text, an empty host) is answered at once.
//  - A fiber that is interrupted leaves at once, and the late answer is dropped. It gets EAI_SYSTEM and the errno; the calls with
//    h_errno have NETDB_INTERNAL there.
//  - The resolver runs with the settings of the calling thread's resolver state (`_res`), or of the one that it is given. Of what a
//    query leaves in a state, res_h_errno is written back; connections are not kept open for the next one (RES_STAYOPEN).
#pragma once

#include <weft/base/export.hpp>

#include <netdb.h>
#include <resolv.h>
#include <sys/socket.h>

#include <cstddef>

namespace weft::posix {

WEFT_API int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                         addrinfo** list) noexcept;
WEFT_API int getnameinfo(const sockaddr* address, socklen_t length, char* host, socklen_t host_room,
                         char* service, socklen_t service_room, int flags) noexcept;

// The result is the calling fiber's, and good until it calls one of these three again.
WEFT_API hostent* gethostbyname(const char* name) noexcept;
WEFT_API hostent* gethostbyname2(const char* name, int family) noexcept;
WEFT_API hostent* gethostbyaddr(const void* address, socklen_t length, int family) noexcept;

WEFT_API int gethostbyname_r(const char* name, hostent* to, char* room, std::size_t size, hostent** result,
                             int* error) noexcept;
WEFT_API int gethostbyname2_r(const char* name, int family, hostent* to, char* room, std::size_t size,
                              hostent** result, int* error) noexcept;
WEFT_API int gethostbyaddr_r(const void* address, socklen_t length, int family, hostent* to, char* room,
                             std::size_t size, hostent** result, int* error) noexcept;

WEFT_API int res_query(const char* name, int net_class, int type, unsigned char* answer, int room) noexcept;
WEFT_API int res_search(const char* name, int net_class, int type, unsigned char* answer, int room) noexcept;
WEFT_API int res_querydomain(const char* name, const char* domain, int net_class, int type,
                             unsigned char* answer, int room) noexcept;
WEFT_API int res_send(const unsigned char* question, int size, unsigned char* answer, int room) noexcept;
WEFT_API int res_nquery(res_state state, const char* name, int net_class, int type, unsigned char* answer,
                        int room) noexcept;
WEFT_API int res_nsearch(res_state state, const char* name, int net_class, int type, unsigned char* answer,
                         int room) noexcept;
WEFT_API int res_nquerydomain(res_state state, const char* name, const char* domain, int net_class, int type,
                              unsigned char* answer, int room) noexcept;
WEFT_API int res_nsend(res_state state, const unsigned char* question, int size, unsigned char* answer,
                       int room) noexcept;

}  // namespace weft::posix
