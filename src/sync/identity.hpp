// Who holds a lock.
#pragma once

#include "core/hub.hpp"

namespace weft::impl {

/// The calling fiber, or the calling thread together with its main fiber: a lock may be taken before the thread gets its hub
/// and given back after.
inline const void* identity() noexcept {
    Hub* hub = Hub::current();
    if (hub != nullptr && &hub->running() != &hub->main_fiber()) {
        return &hub->running();
    }
    return &this_thread_marker;
}

}  // namespace weft::impl
