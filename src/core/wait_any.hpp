// One fiber in the queues of several objects: the first that gives it something ends the wait.
#pragma once

#include <cstddef>
#include <span>

#include "core/awaitable.hpp"

#include <weft/time/deadline.hpp>

namespace weft::impl {

/// One of the objects, with the fiber's node in its queue. For one wait at a time.
class Choice {
public:
    explicit Choice(const Waitable& object) noexcept : object_(object) {}
    template <Awaitable T>
    explicit Choice(T& object) noexcept : object_(make_waitable(object)) {}

    bool enlist() noexcept { return WaitableAccess::enlist(object_, node); }
    void delist() noexcept { static_cast<void>(WaitableAccess::delist(object_, node)); }

    WaitNode node;

private:
    Waitable object_;
};

/// Waits until one of the objects, of which there is at least one, gives what it has to the caller; returns which. The
/// others have not been touched then. Of those that are ready at once the first one is taken. Throws as park_or_throw().
std::size_t wait_any(std::span<Choice> choices, Deadline& deadline);

}  // namespace weft::impl
