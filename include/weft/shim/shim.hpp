// The shim from within: what of it is on, and what libc has behind it. Linking libweft-shim.so (target weft::shim) or running a
// program under weft-run puts it in place; WEFT_SHIM says with what it begins: "all" by default, or a list such as "all,-dns",
// "none", "socket,poll,time".
#pragma once

#include <weft/base/export.hpp>

#include <initializer_list>

/// Other people's blocking code, made cooperative.
namespace weft::shim {

/// What is switched on and off together.
enum class Group : unsigned char {
    socket,   ///< sockets, pipes, terminals, events: read, send, accept ...
    poll,     ///< poll, select, epoll_wait ...
    time,     ///< sleep, nanosleep, sched_yield ...
    dns,      ///< getaddrinfo, gethostbyname, res_query ...
    process,  ///< waitpid, system, pclose ...
    locks,    ///< pthread_mutex_lock, sem_wait, flock ...
    stdio,    ///< fgets, getline, scanf ... on what has to be waited for
    signal,   ///< sigwait; and that signal handlers never park
    book,  ///< close, dup2, fcntl, fork ...: what the hubs have to hear of. Switch it off only with all others.
    file,  ///< reads, writes and fsync of regular files, in a thread of a pool. Off unless asked for.
    keys,  ///< pthread_key_* per fiber instead of per thread. Off unless asked for.
};

/// Switches groups on, in the whole process, in addition to those that are on. Without arguments: all but `file` and `keys`.
/// A call that is under way goes on as it began. Any thread.
WEFT_API void enable(std::initializer_list<Group> groups = {}) noexcept;
/// Switches groups off; without arguments all.
WEFT_API void disable(std::initializer_list<Group> groups = {}) noexcept;
/// Whether a group is on.
[[nodiscard]] WEFT_API bool enabled(Group group) noexcept;

/// Whether the shim stands in for a function of libc, whichever groups are on, and was loaded early enough that the program's
/// calls of it reach the shim.
[[nodiscard]] WEFT_API bool wraps(const char* function) noexcept;
/// The function that the shim stands in front of, for who wants to block; null if it wraps no such function.
[[nodiscard]] WEFT_API void* original(const char* function) noexcept;

}  // namespace weft::shim
