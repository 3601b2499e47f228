// A scope that may be cancelled from anywhere, open or not: what CancelScope and TaskGroup are made of.
#pragma once

#include "core/inbox.hpp"
#include "core/scope_chain.hpp"

#include <atomic>
#include <optional>
#include <stop_token>

namespace weft::impl {

/// A std::stop_source connects both sides: who cancels requests a stop, and an open scope has a callback there. So it makes
/// no difference which of the two comes first, and when the callback has been taken back nobody is in it any more.
class CancelCore : public ScopeOwner {
public:
    explicit CancelCore(Deadline deadline) : deadline_(deadline) {}
    CancelCore(std::stop_token outside, Deadline deadline);
    CancelCore(const CancelCore&) = delete;
    CancelCore& operator=(const CancelCore&) = delete;
    virtual ~CancelCore() = default;

    /// In the fiber whose waits it is to interrupt, innermost last.
    void enter();
    void leave() noexcept;
    bool entered() const noexcept { return entered_; }

    void cancel(const char* reason) noexcept;  ///< any thread
    // acquire: pairs with cancel().
    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }
    /// Whether Cancelled, which has come out of the block, is this scope's and no outer one's.
    bool caught_own() const noexcept { return link_.cancelled && !cancelled_outside(link_); }

    Deadline deadline() const noexcept { return entered_ ? link_.deadline : deadline_; }
    void set_deadline(Deadline deadline);

    std::stop_token token() const noexcept { return source_.get_token(); }

    void stopping() noexcept override;
    [[noreturn]] void strike() final;

protected:
    /// The hub of the fiber that is in it.
    Hub& hub() const noexcept;

private:
    struct StopHere {
        CancelCore& core;
        void operator()() const noexcept { core.stop_requested(); }
    };
    struct PassOn {
        CancelCore& core;
        void operator()() const noexcept { core.cancel("stopped by its std::stop_token"); }
    };
    static void run_posted(InboxItem& item, Hub& hub) noexcept;
    void stop_requested() noexcept;

    /// A cancellation on its way from another thread.
    struct Mail : InboxItem {
        explicit Mail(CancelCore& of) noexcept : core(of) { run = &run_posted; }
        CancelCore& core;
    };

    ScopeLink link_;
    Deadline deadline_;
    bool entered_ = false;
    bool arrived_ = false;  ///< the mail, at the hub
    bool posted_ = false;   ///< written by the stop callback, read after its end
    std::atomic<bool> cancelled_{false};
    std::atomic<const char*> reason_{nullptr};
    std::stop_source source_;
    Mail mail_{*this};
    std::optional<std::stop_callback<StopHere>> on_stop_;
    std::optional<std::stop_callback<PassOn>> outside_;
};

}  // namespace weft::impl
