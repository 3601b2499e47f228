// Something that is done once, by whoever comes first.
#pragma once

#include <weft/base/export.hpp>
#include <weft/sync/wait_queue.hpp>

#include <functional>
#include <utility>

namespace weft {

/// As std::once_flag with std::call_once, for functions that may wait.
class WEFT_API Once {
public:
    constexpr Once() noexcept = default;

    /// Calls fn(args...) unless that has been done; waits while another does it. If it throws, it has not been
    /// done, and the one who waits longest does it next. It must not call itself by the same Once.
    ///
    /// Suspends:  while another calls; as fn does.
    /// Cancel:    the caller's own function has not been called, or as its own waits.
    /// Errors:    what fn throws.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class F, class... Args>
    void call(F&& fn, Args&&... args) {
        if (is_done() || !begin()) {
            return;
        }
        struct Turn {
            Once& once;
            bool done = false;
            ~Turn() { once.end(done); }
        } turn{*this};
        std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
        turn.done = true;
    }

    [[nodiscard]] bool is_done() const noexcept {
        // acquire: pairs with end().
        return (queue_.word.load(std::memory_order_acquire) & done) != 0;
    }

private:
    static constexpr std::uint32_t running = impl::WaitQueue::state_unit;
    static constexpr std::uint32_t done = 2 * running;

    /// True where it is the caller's turn.
    bool begin();
    void end(bool success) noexcept;

    impl::WaitQueue queue_{0};
};

}  // namespace weft
