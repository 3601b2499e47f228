// So many at a time, where who has a place is known and the number may change.
#pragma once

#include <weft/base/export.hpp>
#include <weft/base/spinlock.hpp>
#include <weft/core/wait_list.hpp>
#include <weft/time/deadline.hpp>

#include <cstdint>
#include <map>

namespace weft {

/// As trio's CapacityLimiter: tokens are lent to borrowers, one to each, in the order of arrival. The total may
/// be changed at any time, down to none. A Semaphore does less and costs less.
///
/// The borrower is the calling fiber (or plain thread) unless another is named, by the address of anything.
///
/// Who has returned from a call may destroy it if no other call on it is under way, except one that has served
/// him, and no token is lent.
class WEFT_API CapacityLimiter {
public:
    explicit CapacityLimiter(std::uint32_t total) noexcept : total_(total) {}
    CapacityLimiter(const CapacityLimiter&) = delete;
    CapacityLimiter& operator=(const CapacityLimiter&) = delete;

    /// Borrows a token. A borrower that has one, or waits for one, stops the program.
    ///
    /// Suspends:  while none is left.
    /// Cancel:    nothing is borrowed.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void acquire(Deadline deadline = never);
    void acquire_on_behalf_of(const void* borrower, Deadline deadline = never);

    /// Borrows a token if one is left and nobody waits. Never waits.
    [[nodiscard]] bool try_acquire();
    [[nodiscard]] bool try_acquire_on_behalf_of(const void* borrower);

    /// Gives the token back. Never waits. A borrower that has none stops the program.
    void release() noexcept;
    void release_on_behalf_of(const void* borrower) noexcept;

    /// More let those go on that wait; with fewer, those who have a token keep it. Never waits. Any fiber or
    /// thread.
    void set_total(std::uint32_t total) noexcept;
    [[nodiscard]] std::uint32_t total() const noexcept;
    /// How many tokens are lent.
    [[nodiscard]] std::uint32_t borrowed() const noexcept;

private:
    struct Place;
    using Borrowers = std::map<const void*, bool>;  ///< true: has a token; false: waits for one

    WEFT_INTERNAL bool enlist(Borrowers::node_type entry, Place* place);
    WEFT_INTERNAL impl::WaitNode* grant() noexcept;

    mutable impl::SpinLock lock_;
    impl::WaitList waiting_;
    Borrowers borrowers_;
    std::uint32_t total_;
    std::uint32_t borrowed_ = 0;
};

}  // namespace weft
