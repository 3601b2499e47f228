// What `core` tells of hubs and fibers, and what the environment asks for at the first hub.
#include "core/observer.hpp"

#include "base/env.hpp"
#include "core/fiber_block.hpp"
#include "diag/dump_signal.hpp"
#include "diag/ended_stacks.hpp"
#include "diag/leaks.hpp"
#include "diag/stack_fill.hpp"
#include "diag/visit.hpp"
#include "diag/watchdog.hpp"

#include <weft/diag/leaks.hpp>
#include <weft/diag/stacks.hpp>

namespace weft::impl {

namespace {

class DiagObserver final : public Observer {
public:
    constexpr DiagObserver() = default;

    void hub_begins() override {
        static const bool environment_read = [] {
            dump_on_environment();
            watch_on_environment();
            if (env::flag("WEFT_LEAK_REPORT").value_or(false)) {
                diag::report_leaks();
            }
            if (env::flag("WEFT_STACK_FILL").value_or(false)) {
                diag::fill_stacks();
            }
            return true;
        }();
        static_cast<void>(environment_read);
        admit_signal();
    }
    void hub_ends(Hub& hub) noexcept override { report_left_fibers(hub); }
    void fiber_begins(FiberBlock& fiber) noexcept override { fill_stack(*fiber.slot, fiber.execution.sp); }
    void fiber_ends(FiberBlock& fiber) noexcept override { note_ended_stack(fiber); }
};

constinit DiagObserver the_observer;

}  // namespace

constinit Observer* const observer = &the_observer;

}  // namespace weft::impl
