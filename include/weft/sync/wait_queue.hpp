// What all synchronisation types are made of: a state and a queue of waiters behind one atomic word. For the
// library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/wait_list.hpp>

#include <atomic>
#include <cstdint>

namespace weft::impl {

/// The word holds two bits of the queue's own and, above them, the state of the object.
///
/// Who sets `busy` by claim() has the list and the word to itself until publish(): one read-modify-write and
/// one store. The others change the word by compare-and-swap only while `busy` is clear. Publishing is the
/// last access: a waiter that is woken after it may destroy the object.
class WaitQueue {
public:
    static constexpr std::uint32_t busy = 1;
    static constexpr std::uint32_t waiting = 2;  ///< the list is not empty
    static constexpr std::uint32_t state_unit = 4;

    constexpr explicit WaitQueue(std::uint32_t state) noexcept : word(state) {}
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;

    /// Returns the word as it was, without `busy`. Pairs (acquire) with publish() and with what changes the
    /// word.
    WEFT_INTERNAL std::uint32_t claim() noexcept;
    /// Ends the claim; `waiting` follows from the list.
    WEFT_INTERNAL void publish(std::uint32_t state) noexcept;
    /// Takes a node out unless somebody has; says whether it was there.
    WEFT_INTERNAL bool delist(WaitNode& node) noexcept;

    std::atomic<std::uint32_t> word;
    WaitList list;
};

}  // namespace weft::impl
