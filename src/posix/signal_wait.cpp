// The list of waits that signals end, per thread, and the message to its hub that one has come.
#include "posix/signal_wait.hpp"

#include "core/fork.hpp"

#include <atomic>

namespace weft::impl {

/// Of one thread. A handler touches only the flags and the inbox.
struct SignalNews : InboxItem {
    SignalWait* first = nullptr;
    std::atomic<bool> posted{false};
    std::atomic<bool> ends_all{false};  ///< one of the handlers was without SA_RESTART
    std::uint32_t forks = 0;            ///< the fork that the list is younger than

    static void tell(InboxItem& item, Hub& hub) noexcept {
        auto& self = static_cast<SignalNews&>(item);
        self.posted.store(false, std::memory_order_relaxed);
        const bool all = self.ends_all.exchange(false, std::memory_order_relaxed);
        for (SignalWait* wait = self.first; wait != nullptr; wait = wait->next_) {
            if (!wait->struck_ && (all || !wait->restarts_) && wait->fiber_.wait != nullptr) {
                wait->struck_ = true;
                hub.expire(*wait->fiber_.wait, Wake::interrupted);
            }
        }
    }
    /// In the child of a fork the others' waits are not there any more, nor is what was on its way.
    void forget_parent() noexcept {
        if (forks != forks_survived()) [[unlikely]] {
            forks = forks_survived();
            first = nullptr;
            posted.store(false, std::memory_order_relaxed);
        }
    }
};

namespace {

constinit thread_local SignalNews news;

}  // namespace

SignalWait::SignalWait(Hub& hub, bool restarts) noexcept : fiber_(hub.running()), restarts_(restarts) {
    news.forget_parent();
    next_ = news.first;
    if (next_ != nullptr) {
        next_->prev_ = this;
    }
    news.first = this;
}

SignalWait::~SignalWait() {
    (prev_ != nullptr ? prev_->next_ : news.first) = next_;
    if (next_ != nullptr) {
        next_->prev_ = prev_;
    }
}

void handler_has_run(bool restarts) noexcept {
    Hub* hub = Hub::current();
    if (hub == nullptr || news.first == nullptr) {
        return;
    }
    if (!restarts) {
        news.ends_all.store(true, std::memory_order_relaxed);
    }
    if (!news.posted.exchange(true, std::memory_order_relaxed)) {
        news.run = &SignalNews::tell;
        hub->post(news);
    }
}

}  // namespace weft::impl
