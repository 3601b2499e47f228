// Waiting for children: the kernel is asked without waiting; if it has nothing to say, the fiber parks until a child has changed.
#include <weft/posix/process.hpp>

#include "posix/call.hpp"
#include "posix/child_watch.hpp"
#include "posix/libc.hpp"
#include "posix/poll_wait.hpp"

#include <chrono>
#include <limits>

namespace weft::posix {

using impl::ChildEvent;
using impl::Hub;

namespace {

constexpr int clone_children = static_cast<int>(__WCLONE);  // the highest bit

/// Nobody is told of stops and continuations by a descriptor, nor of what a debugger waits for.
constexpr int not_by_descriptor = WSTOPPED | WCONTINUED | __WALL | clone_children | __WNOTHREAD;

/// Until the descriptor says that its process has ended: 0 or an errno value.
int wait_readable(Hub& hub, int fd) noexcept {
    return impl::poll_readable(hub, fd, never, nullptr, true) < 0 ? errno : 0;
}

/// Calls attempt(), which yields 0 where there is nothing to collect yet, -1 and errno, or what it has found.
template <class Attempt>
int collect(Hub& hub, const ChildEvent& event, Attempt attempt) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return impl::fail(error);
    }
    int found = attempt();
    if (found != 0) {
        return found;
    }
    const bool by_descriptor = (event.options & not_by_descriptor) == 0;
    if (event.what == P_PIDFD && by_descriptor) {
        while (found == 0) {
            if (const int error = wait_readable(hub, static_cast<int>(event.id)); error != 0) {
                return impl::fail(error);
            }
            found = attempt();
        }
    }
    if (event.what == P_PID && by_descriptor) {
        const impl::WaitFd process(impl::libc.pidfd_open(static_cast<pid_t>(event.id), 0));
        // Asked once more: before there was the descriptor, somebody may have collected the child, and its number be another's.
        while (process && (found = attempt()) == 0) {
            if (const int error = wait_readable(hub, process.get()); error != 0) {
                return impl::fail(error);
            }
        }
    }
    // What another thread cannot wait for: this thread's own children, and what may be closed meanwhile.
    const bool here_only = (event.options & __WNOTHREAD) != 0 || event.what == P_PIDFD;
    while (found == 0) {
        const int error = here_only ? impl::rest_until(Deadline(std::chrono::milliseconds(5)), true)
                                    : impl::wait_for_child_event(event);
        if (error != 0) {
            return impl::fail(error);
        }
        found = attempt();
    }
    return found;
}

ChildEvent event_of(pid_t child, int options) noexcept {
    const int flags = WEXITED | (options & (WUNTRACED | WCONTINUED | __WALL | clone_children | __WNOTHREAD));
    if (child > 0) {
        return {P_PID, static_cast<id_t>(child), flags};
    }
    if (child == -1) {
        return {P_ALL, 0, flags};
    }
    return {P_PGID, static_cast<id_t>(child == 0 ? ::getpgrp() : -child), flags};
}

constexpr int known_flags = WEXITED | WSTOPPED | WCONTINUED | WNOWAIT | __WNOTHREAD | __WALL | clone_children;

}  // namespace

pid_t wait4(pid_t child, int* status, int options, rusage* usage) noexcept {
    Hub* hub = impl::fiber_hub();
    // The number whose opposite there is not is the kernel's to refuse.
    if (hub == nullptr || (options & WNOHANG) != 0 || child == std::numeric_limits<pid_t>::min()) {
        return impl::libc.wait4(child, status, options, usage);
    }
    return collect(*hub, event_of(child, options),
                   [&] { return impl::libc.wait4(child, status, options | WNOHANG, usage); });
}

pid_t waitpid(pid_t child, int* status, int options) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.waitpid(child, status, options)
                                        : posix::wait4(child, status, options, nullptr);
}

pid_t wait3(int* status, int options, rusage* usage) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.wait3(status, options, usage)
                                        : posix::wait4(-1, status, options, usage);
}

pid_t wait(int* status) noexcept {
    return impl::fiber_hub() == nullptr ? impl::libc.wait(status) : posix::wait4(-1, status, 0, nullptr);
}

// C programs pass what is no idtype_t, and are told so by libc.
__attribute__((no_sanitize("enum"))) int waitid(idtype_t what, id_t id, siginfo_t* info,
                                                int options) noexcept {
    Hub* hub = impl::fiber_hub();
    const bool is_known = what == P_ALL || what == P_PID || what == P_PGID || what == P_PIDFD;
    if (hub == nullptr || !is_known || (options & WNOHANG) != 0 || (options & ~known_flags) != 0) {
        return impl::libc.waitid(what, id, info, options);
    }
    if (what == P_PIDFD) {
        const int flags = impl::sys.fcntl(static_cast<int>(id), F_GETFL);
        if (flags < 0 || (flags & O_NONBLOCK) != 0) {
            return impl::libc.waitid(what, id, info, options);
        }
    }
    if (what == P_PGID && id == 0) {
        id = static_cast<id_t>(::getpgrp());
    }
    siginfo_t own{};
    siginfo_t* const found = info != nullptr ? info : &own;
    const int result = collect(*hub, {what, id, options & ~WNOWAIT}, [&]() -> int {
        if (impl::libc.waitid(what, id, found, options | WNOHANG) != 0) {
            return -1;
        }
        return found->si_pid;
    });
    return result > 0 ? 0 : result;
}

}  // namespace weft::posix
