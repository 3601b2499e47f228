// Running a program, or a thread, on a hub; time.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/time/deadline.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace weft {

/// How run() treats its hub.
struct RunOptions {
    /// For the fibers that are left when the function has returned: they are cancelled, and waited for so
    /// long.
    Duration grace = std::chrono::seconds(5);
    /// The stack size of fibers that ask for none; 0: 256 KiB.
    std::size_t stack_size = 0;
};

namespace impl {

/// The bracket around run()'s function.
class WEFT_API RunGuard {
public:
    explicit RunGuard(const RunOptions& options);
    RunGuard(const RunGuard&) = delete;
    RunGuard& operator=(const RunGuard&) = delete;
    ~RunGuard();

private:
    Duration grace_;
    bool made_hub_;
};

}  // namespace impl

/// Calls fn() as the main fiber of this thread, on the thread's own stack, and returns its value. Fibers that
/// are left then are cancelled and joined; those that outlast the grace period are named on standard error
/// and abandoned.
///
/// In the child of a fork() only the calling fiber goes on, in the place of the main fiber and with all that it can do. When
/// its function returns, the child exits with status 0, or 1 after an exception. The others are left behind in the parent
/// without being unwound: to the child they have finished, with Abandoned. What they have locked stays locked there, and
/// objects that other threads were using at that moment must be made anew. docs/design/fork.md says more.
///
/// Suspends:  as fn does, then until the fibers that are left have finished.
/// Errors:    what fn throws; Deadlock if nothing can ever wake it; std::system_error if no hub can be made.
/// Threads:   one run() per thread at a time; not from within a fiber.
/// Since:     0.1
template <class F>
std::invoke_result_t<F> run(const RunOptions& options, F&& fn) {
    impl::RunGuard guard(options);
    return std::invoke(std::forward<F>(fn));
}
template <class F>
requires(!std::is_same_v<std::decay_t<F>, RunOptions>) std::invoke_result_t<F> run(F&& fn) {
    return run(RunOptions{}, std::forward<F>(fn));
}

/// Lets the calling fiber rest for at least `duration`. Zero or less is a yield().
///
/// Suspends:  always.
/// Cancel:    throws Cancelled.
/// Threads:   any; a thread without a hub sleeps itself.
/// Since:     0.1
WEFT_API void sleep_for(Duration duration);

/// Lets the calling fiber rest until `time`, never less.
///
/// Suspends:  until `time`; a yield() if it has passed.
/// Cancel:    throws Cancelled.
/// Threads:   any; a thread without a hub sleeps itself.
/// Since:     0.1
WEFT_API void sleep_until(TimePoint time);

/// The steady time as the calling thread's hub sees it: virtual under a virtual clock.
[[nodiscard]] WEFT_API TimePoint now() noexcept;

}  // namespace weft
