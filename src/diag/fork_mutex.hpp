// A mutex that a fork takes first, so that what it guards is consistent in the child.
#pragma once

#include "core/fork.hpp"

#include <memory>
#include <mutex>

namespace weft::impl {

/// Not for static objects that are ever destroyed, and not to be locked from their initialisation (see ForkPart::list).
class ForkMutex final : AroundFork {
public:
    void lock() {
        part_.list();
        mutex_.lock();
    }
    void unlock() noexcept { mutex_.unlock(); }

private:
    void before_fork() noexcept override { mutex_.lock(); }
    void after_fork_in_parent() noexcept override { mutex_.unlock(); }
    void after_fork_in_child() noexcept override { std::construct_at(&mutex_); }

    std::mutex mutex_;
    ForkPart part_{*this};
};

}  // namespace weft::impl
