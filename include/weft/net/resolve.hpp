// Looking names up, with libc's resolver in OS threads: the hub is never blocked, and the answers are libc's.
#pragma once

#include <weft/base/export.hpp>
#include <weft/net/address.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <string_view>
#include <system_error>
#include <vector>

namespace weft::net {

/// The category of the resolver's errors (EAI_NONAME ...); messages are those of gai_strerror.
[[nodiscard]] WEFT_API const std::error_category& resolve_category() noexcept;

/// The endpoints of a host and a service (a name or a port number), in libc's order. A numeric host with a
/// numeric service is not looked up; an empty host is this machine.
///
/// Suspends:  while the lookup runs in another thread.
/// Cancel:    the lookup is left to itself, and its late answer dropped.
/// Errors:    std::system_error with resolve_category() that names host and service; TimeoutError past the
/// deadline.
/// Threads:   any fiber or thread.
/// Since:     0.1
[[nodiscard]] WEFT_API std::vector<Endpoint> resolve(std::string_view host, std::string_view service,
                                                     Deadline deadline = never);
[[nodiscard]] WEFT_API std::vector<Endpoint> resolve(std::string_view host, std::string_view service,
                                                     Deadline deadline, std::error_code& error);

/// The threads that look names up, for resolve() and for weft::posix::getaddrinfo() and its kin.
struct ResolverLoad {
    std::size_t threads = 0;
    std::size_t max_threads = 0;  ///< 128: so many look-ups run at once
    std::size_t queued = 0;       ///< look-ups that have not begun
};

/// How busy they are now. A name server that does not answer holds a thread for each name that it is asked for (libc's limit: 5 s,
/// twice per server). Where `queued` stays above 0 look-ups wait for others; the hubs go on all the same.
///
/// Threads:   any fiber or thread.
/// Since:     0.1
[[nodiscard]] WEFT_API ResolverLoad resolver_load();

}  // namespace weft::net
