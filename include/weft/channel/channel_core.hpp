// What channels and queues have in common and does not depend on what they carry. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/base/spinlock.hpp>
#include <weft/core/wait_list.hpp>
#include <weft/core/waitable.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace weft::impl {

/// How an attempt to give or get an item went.
enum class Exchange : std::uint8_t {
    done,
    would_wait,
    no_memory_yet,  ///< there is room, but the array of the items has to grow first
    closed,
    broken,
    end_closed,
};

/// Throws what a failed exchange is for the caller of send() or receive().
[[noreturn]] WEFT_API void throw_not_exchanged(Exchange how, const char* operation);

/// Which side of a channel somebody is on, or one of the objects that stand for it.
enum class Side : std::uint8_t { senders, receivers };

/// One Sender or Receiver. Guarded by the lock of its channel.
struct ChannelEnd {
    bool closed = false;
};

/// What a waiting caller gives or wants; lies on its stack, guarded by the channel's lock until it is woken.
struct ItemTransfer {
    void* item;             ///< where the item is moved from, or where there is room for it
    const ChannelEnd* end;  ///< null: none
    Exchange how = Exchange::would_wait;
};

/// The items, in an array whose length is a power of two: `size` of them from `head` on, around its end.
struct ItemArray {
    std::byte* items = nullptr;
    std::size_t slots = 0;
    std::size_t head = 0;
    std::size_t size = 0;

    std::size_t wrap(std::size_t index) const noexcept { return index & (slots - 1); }
};

/// A lock, the items, and who waits to send and to receive.
///
/// All that is not marked otherwise needs the lock. Under it, items are moved and nothing else of theirs is called:
/// those whose move may throw are kept in a box. Receivers wait only while there are no items, senders only while
/// there is no room: an item goes straight to the receiver that has waited longest, and nobody gets ahead of it.
class WEFT_API ChannelCore {
public:
    static constexpr std::size_t unbounded = SIZE_MAX;

    ChannelCore(const ChannelCore&) = delete;
    ChannelCore& operator=(const ChannelCore&) = delete;
    virtual ~ChannelCore();

    // --- without the lock, from anywhere ---

    /// Takes no more items; who waits learns of it. What is there can still be received, unless it is to be dropped.
    /// Returns how many have been dropped.
    std::size_t close(bool drop) noexcept;
    void resize(std::size_t capacity);
    std::size_t size() const noexcept;
    std::size_t capacity() const noexcept;
    std::ptrdiff_t balance() const noexcept;
    bool is_closed() const noexcept;

    /// A Sender or Receiver more (or not, if the one that it is a copy of is closed), or less: with the last one the channel is
    /// closed or broken.
    void open_end(Side side) noexcept;
    bool open_end_like(Side side, const ChannelEnd& end) noexcept;
    void close_end(Side side, ChannelEnd& end) noexcept;

    /// Waits until there is an item.
    Exchange await_item(Deadline& deadline);

    /// Ready while a receive would not wait; nothing is taken.
    Waitable waitable() noexcept;
    WEFT_INTERNAL bool ready() const noexcept;
    WEFT_INTERNAL bool enlist(WaitNode& node) noexcept;
    WEFT_INTERNAL bool delist(WaitNode& node) noexcept;

protected:
    ChannelCore(std::size_t capacity, std::size_t item_size, std::size_t item_alignment) noexcept;

    /// One of them, with the lock held, which they release. The item is moved from only if the answer is `done`.
    Exchange send_locked(void* item, const ChannelEnd* end, Deadline deadline);
    Exchange receive_locked(void* slot, const ChannelEnd* end, Deadline deadline);
    Exchange try_send_locked(void* item, const ChannelEnd* end);
    Exchange try_receive_locked(void* slot, const ChannelEnd* end) noexcept;

    /// An item that its receiver could not take: back where it came from, closed or not, whatever the capacity.
    void put_back(void* item);

    virtual void construct(void* to, void* from) noexcept = 0;
    virtual void push(void* from) noexcept = 0;  ///< there is a free slot
    virtual void push_front(void* from) noexcept = 0;
    virtual void pop(void* to) noexcept = 0;
    virtual void relocate(std::byte* fresh) noexcept = 0;  ///< the items, to the beginning of another array
    virtual void destroy(const ItemArray& items) noexcept = 0;  ///< without the lock

    /// Those of a destroyed core; nobody uses it any more.
    void free_items() noexcept;

    mutable SpinLock lock_;
    Exchange state_ = Exchange::done;  ///< else closed or broken
    ItemArray items_;
    std::size_t capacity_;
    WaitList receivers_;
    WaitList senders_;
    WaitList watchers_;  ///< wait until there is an item, or a sender with one, and leave it there

private:
    friend class ChannelSide;
    friend struct ObjectLayout;
    friend class Selection;

    // With the lock held: an attempt, and whom to wake once it is released.
    WEFT_INTERNAL Exchange offer(void* item, WaitNode*& woken) noexcept;
    WEFT_INTERNAL Exchange take(void* slot, WaitNode*& woken) noexcept;
    // The same with the lock released, unless the answer is would_wait.
    WEFT_INTERNAL Exchange give(void* item, const ChannelEnd* end);
    WEFT_INTERNAL Exchange get(void* slot, const ChannelEnd* end) noexcept;
    /// With the lock held, which it releases.
    WEFT_INTERNAL Exchange wait(WaitList& list, void* item, const ChannelEnd* end, Deadline& deadline);
    /// With the lock held: whether a receive would not wait; and all who watch for that, who are to be woken.
    WEFT_INTERNAL bool receivable() const noexcept;
    WEFT_INTERNAL WaitNode* release_watchers() noexcept;
    WEFT_INTERNAL Exchange wait_to_send(void* item, const ChannelEnd* end, Deadline& deadline);
    /// With the lock held, before and after; not in between, nor if it throws.
    WEFT_INTERNAL void grow();
    WEFT_INTERNAL WaitList& waiting(Side side) noexcept {
        return side == Side::senders ? senders_ : receivers_;
    }
    WEFT_INTERNAL void end(Exchange why, ItemArray* dropped) noexcept;
    WEFT_INTERNAL std::size_t end_and_drop(Exchange why) noexcept;

    const std::size_t item_size_;
    const std::size_t item_alignment_;
    std::size_t ends_[2] = {0, 0};
};

}  // namespace weft::impl
