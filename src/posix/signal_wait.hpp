// Waits that a signal's handler ends with EINTR, as it ends a call that blocks in the kernel.
//
// A signal strikes a thread, and the fibers of a hub each take the thread for their own: all that wait in such a call hear of it. A
// handler with SA_RESTART leaves those alone that the kernel would begin anew.
#pragma once

#include "core/hub.hpp"

#include <weft/base/export.hpp>

namespace weft::impl {

/// While it lives, the running fiber's wait can be ended so.
class SignalWait {
public:
    /// `restarts`: not by a handler with SA_RESTART.
    SignalWait(Hub& hub, bool restarts) noexcept;
    SignalWait(const SignalWait&) = delete;
    SignalWait& operator=(const SignalWait&) = delete;
    ~SignalWait();

    /// Whether that has happened: what looks like an interruption is none.
    [[nodiscard]] bool struck() const noexcept { return struck_; }

private:
    friend struct SignalNews;
    FiberBlock& fiber_;
    SignalWait* prev_ = nullptr;
    SignalWait* next_;
    bool restarts_;
    bool struck_ = false;
};

/// A handler has run on this thread: ends the waits of its hub. Async-signal-safe; they end when the hub has its turn.
WEFT_API void handler_has_run(bool restarts) noexcept;

}  // namespace weft::impl
