// Where channels and futures have what debuggers print of them.
#include "core/debugger.hpp"
#include "core/wait.hpp"

#include <weft/channel/channel_core.hpp>
#include <weft/sync/future_state.hpp>

#include <cstddef>

// Classes with private members: the standard leaves offsetof to the compiler then, and both compilers have it.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace weft::impl {

struct ObjectLayout {
    static constexpr std::uint64_t items = offsetof(ChannelCore, items_);
    static constexpr std::uint64_t capacity = offsetof(ChannelCore, capacity_);
    static constexpr std::uint64_t state = offsetof(ChannelCore, state_);
    /// The oldest comes first in a WaitList.
    static constexpr std::uint64_t senders = offsetof(ChannelCore, senders_);
    static constexpr std::uint64_t receivers = offsetof(ChannelCore, receivers_);
    static constexpr std::uint64_t flags = offsetof(FutureState, queue_) + offsetof(WaitQueue, word);
    static constexpr std::uint64_t set = FutureState::set_flag;
    static constexpr std::uint64_t error = offsetof(FutureState, error_);
};

const WeftDebuggerEntry weft_object_table[] = {
    {"channel.items", ObjectLayout::items + offsetof(ItemArray, items)},
    {"channel.slots", ObjectLayout::items + offsetof(ItemArray, slots)},
    {"channel.head", ObjectLayout::items + offsetof(ItemArray, head)},
    {"channel.size", ObjectLayout::items + offsetof(ItemArray, size)},
    {"channel.capacity", ObjectLayout::capacity},
    {"channel.state", ObjectLayout::state},
    {"channel.senders", ObjectLayout::senders},
    {"channel.receivers", ObjectLayout::receivers},
    {"state.open", static_cast<std::uint64_t>(Exchange::done)},
    {"node.next", offsetof(WaitNode, next)},
    {"future.flags", ObjectLayout::flags},
    {"future.set", ObjectLayout::set},
    {"future.error", ObjectLayout::error},
    {"", 0},
};

}  // namespace weft::impl
