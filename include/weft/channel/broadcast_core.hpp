// What a Broadcast does without knowing what it carries. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/base/spinlock.hpp>
#include <weft/channel/channel_core.hpp>
#include <weft/core/wait_list.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace weft {

/// What becomes of a receiver of a Broadcast that is as many messages behind as there is room for.
enum class SlowReceiver : std::uint8_t {
    wait,         ///< senders wait for it
    drop_oldest,  ///< it misses the oldest messages, which are counted
    fail,         ///< as drop_oldest, and its next receive throws Lagged
};

namespace impl {

using Message = std::shared_ptr<const void>;

/// One receiver and the number of the message that it sees next. Guarded by the core's lock.
struct Subscriber {
    Subscriber* next = nullptr;
    std::uint64_t at = 0;
    std::uint64_t dropped = 0;
};

/// The last messages, by their numbers, in a ring.
class WEFT_API BroadcastCore {
public:
    BroadcastCore(std::size_t capacity, SlowReceiver slow);
    BroadcastCore(const BroadcastCore&) = delete;
    BroadcastCore& operator=(const BroadcastCore&) = delete;
    ~BroadcastCore();

    void subscribe(Subscriber& fresh) noexcept;
    void unsubscribe(Subscriber& gone) noexcept;

    /// Without a deadline they do not wait. A message that is not sent stays.
    Exchange send(Message& message, Deadline* deadline);
    /// Where missed messages are an error, done and nothing in the slot: `missed` says how many.
    Exchange receive(Subscriber& by, Message& slot, std::uint64_t& missed, Deadline* deadline);
    void close() noexcept;

    std::uint64_t dropped(const Subscriber& by) const noexcept;

private:
    friend class BroadcastQueue;
    struct Wait;
    struct Leaving;

    WEFT_INTERNAL bool has_room() const noexcept;
    WEFT_INTERNAL void append(Message& message, Leaving& leaving) noexcept;
    WEFT_INTERNAL void see(Subscriber& by, Message& slot) noexcept;
    /// Lets go of the oldest message if nobody is going to see it any more.
    WEFT_INTERNAL bool forget_one(Message& forgotten) noexcept;
    WEFT_INTERNAL void let_senders_in(Leaving& leaving) noexcept;
    WEFT_INTERNAL Exchange wait(WaitList& list, Message& message, Subscriber* by, Deadline& deadline);
    WEFT_INTERNAL Message& message_of(std::uint64_t number) noexcept { return ring_[number % ring_.size()]; }

    mutable SpinLock lock_;
    bool closed_ = false;
    const SlowReceiver slow_;
    std::vector<Message> ring_;
    std::uint64_t first_ = 0;  ///< the oldest message that is kept
    std::uint64_t next_ = 0;   ///< the number of the next one
    Subscriber* subscribers_ = nullptr;
    WaitList senders_;
    WaitList receivers_;
};

}  // namespace impl
}  // namespace weft
