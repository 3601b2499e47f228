// One fiber in the queues of many objects for longer than one wait: it is given them one by one.
#pragma once

#include "base/spinlock.hpp"
#include "core/awaitable.hpp"

#include <weft/time/deadline.hpp>

#include <cstddef>
#include <span>
#include <thread>
#include <vector>

namespace weft::impl {

/// While its owner waits in next(), the first object that becomes ready ends that wait, and gives what it has. Those that
/// become ready at other times give nothing, but their order is kept: next() asks them again, in that order.
///
/// What several threads touch is guarded by `lock_`, which comes after the lock of any queue.
struct Gathering : WaitRecord {
    explicit Gathering(std::span<const Waitable> objects);
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;
    ~Gathering();

    bool empty() const noexcept { return given_ == members_.size(); }

    /// Waits for the next one, whose number goes to `index`. There is one.
    Wake next(std::size_t& index, Deadline& deadline);

    /// WaitRecord::take() of a record that gathers.
    bool take_member(std::uint32_t tag) noexcept;

private:
    struct Member {
        explicit Member(const Waitable& which) noexcept : object(which) {}
        Waitable object;
        WaitNode node;
        Member* next = nullptr;  ///< among those that have become ready
        bool given = false;
    };

    static bool abort_wait(WaitRecord& record) noexcept;
    Member* first_or_wait() noexcept;
    std::size_t give(Member& member) noexcept;

    std::vector<Member> members_;
    std::size_t given_ = 0;
    SpinLock lock_;
    Member* ready_ = nullptr;
    Member* last_ready_ = nullptr;
    Member* asked_ = nullptr;  ///< next() asks it, in the owner's thread, and takes what it has at once
    const std::thread::id thread_ = std::this_thread::get_id();
    Member* winner_ = nullptr;
    bool waits_ = false;
};

}  // namespace weft::impl
