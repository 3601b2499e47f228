// The end of a call in another thread, told to the fiber that waits for it.
#include "posix/offload.hpp"

#include <mutex>

namespace weft::impl {

struct JobEnd::Record : WaitRecord {
    explicit Record(JobEnd& of) noexcept : WaitRecord(WaitReason::pool_job, &of, &give_up), end(of) {}

    static bool give_up(WaitRecord& record) noexcept {
        auto& self = static_cast<Record&>(record);
        const std::lock_guard guard(self.end.lock_);
        return std::exchange(self.end.waiter_, nullptr) != nullptr;
    }
    JobEnd& end;
};

void JobEnd::tell() noexcept {
    Record* waiter = nullptr;
    {
        const std::lock_guard guard(lock_);
        over_ = true;
        waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter != nullptr) {
        wake(*waiter);
    }
}

bool JobEnd::enlist(Record& record) noexcept {
    const std::lock_guard guard(lock_);
    waiter_ = over_ ? nullptr : &record;
    return !over_;
}

int JobEnd::await() noexcept {
    Record record(*this);
    Deadline deadline = never;
    if (!enlist(record) || park(record, deadline) != Wake::interrupted) {
        return 0;
    }
    abandoned_.store(true, std::memory_order_relaxed);
    return interruption_error();
}

void JobEnd::await_shielded() noexcept {
    Record record(*this);
    Deadline deadline = never;
    if (enlist(record)) {
        static_cast<void>(park_shielded(record, deadline));
    }
}

}  // namespace weft::impl
