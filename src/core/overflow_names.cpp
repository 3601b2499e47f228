// Tells the stack overflow report whose stack it is. Runs in a signal handler: it only reads.
#include "core/overflow_names.hpp"

#include "context/overflow.hpp"
#include "core/hub.hpp"

namespace weft::impl {

namespace {

bool name_owner(const StackSlot* slot, FiberDescription& description) noexcept {
    Hub* hub = Hub::current();
    if (hub == nullptr || hub->running().slot != slot) {
        return false;
    }
    description.name = hub->running().name.c_str();
    description.id = hub->running().id;
    return true;
}

}  // namespace

void install_overflow_names() noexcept {
    [[maybe_unused]] static const bool installed = [] {
        describe_stack = &name_owner;
        return true;
    }();
}

}  // namespace weft::impl
