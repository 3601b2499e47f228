// The waits in channels.
#pragma once

#include "core/wait.hpp"

#include <weft/channel/channel_core.hpp>

namespace weft::impl {

/// A queue of a channel, as the records in it see it.
class ChannelSide {
public:
    ChannelSide(ChannelCore& core, Side side) noexcept : core_(core), list_(core.waiting(side)) {}

    bool delist(WaitNode& node) noexcept {
        const std::lock_guard lock(core_.lock_);
        const bool linked = node.linked;
        if (linked) {
            list_.remove(node);
        }
        return linked;
    }

private:
    ChannelCore& core_;
    WaitList& list_;
};

inline Transfer& transfer_of(const WaitNode& node) noexcept { return *static_cast<Transfer*>(node.cargo); }

}  // namespace weft::impl
