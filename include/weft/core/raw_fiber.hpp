// Raw fibers: stacks that are switched between by hand, below the hub. For generators, interpreters and the like.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

namespace weft {

namespace impl {
struct RawBlock;
struct RawAccess;
}  // namespace impl

/// A flow of control of its own that runs only when somebody switches to it, and until it switches to another. No hub
/// knows of it: it runs as a part of the weft fiber (or plain thread) that has made it, and only there. Where its body
/// waits for something, that weft fiber does. Scopes and shields are the weft fiber's too: leave them in the order in
/// which they were entered, whichever raw fiber has.
///
/// An object of this class is a reference, as are its copies; an empty one refers to nothing. Once nobody refers to a
/// suspended raw fiber, FiberExit is thrown into it, and it has ended before the last reference has. A body that then
/// switches away again instead stops the program. A raw fiber that outlives its weft fiber is ended with that one; one
/// whose last reference ends elsewhere is ended when its weft fiber uses raw fibers next. A body that holds a
/// reference to its own raw fiber keeps it until then; so does one in the middle of `current().parent().switch_to()`,
/// and not in switch_to_parent(). Being a parent keeps nobody from ending.
///
/// Values are passed as pointers, which the receiver may use as long as what they point to lives: locals of the sender
/// do while it is suspended.
///
/// Each raw fiber has a parent, at first the one that has made it: where it goes when its body returns (with that value)
/// or throws (the exception then comes out of the parent's switch). FiberExit ends it quietly, with null. A parent that
/// has ended is represented by its own; one that has not started is started with the value. At the root stands the weft
/// fiber itself.
///
/// Threads:   the weft fiber that made it; references may end anywhere. A thread without a hub gets one.
/// Since:     0.1
class WEFT_API RawFiber {
public:
    /// Called with the value of the first switch.
    using Body = std::function<void*(void*)>;

    RawFiber() noexcept = default;
    /// Has not started. Errors: std::system_error if there is no room for its stack.
    explicit RawFiber(Body body, std::size_t stack_size = 0);
    RawFiber(const RawFiber& other) noexcept;
    RawFiber(RawFiber&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    RawFiber& operator=(RawFiber other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~RawFiber();

    /// The raw fiber that calls: the root of the calling weft fiber if it has not switched.
    [[nodiscard]] static RawFiber current();

    /// Goes on there, with `value` as what its own pending switch returns; returns when somebody switches back. To the
    /// caller itself it is no switch and returns `value`. Errors: std::logic_error for an empty reference and a raw
    /// fiber of another weft fiber; what is thrown into the caller.
    void* switch_to(void* value = nullptr) const;

    /// The caller's parent.switch_to(value). Errors: std::logic_error for a root.
    static void* switch_to_parent(void* value = nullptr);

    /// As switch_to(), but its pending switch throws `error`, FiberExit if null. One that has not started ends without
    /// having run, and the exception goes to its parent.
    void* throw_into(std::exception_ptr error = nullptr) const;

    /// Empty for a root.
    [[nodiscard]] RawFiber parent() const;
    /// Errors: std::invalid_argument where it would make a circle, for a root, and for one of another weft fiber.
    void set_parent(const RawFiber& parent) const;

    /// Whether it has been switched to or thrown into; true for a root.
    [[nodiscard]] bool started() const noexcept;
    /// Whether it has started and not ended.
    [[nodiscard]] bool active() const noexcept;
    [[nodiscard]] bool dead() const noexcept;

    explicit operator bool() const noexcept { return block_ != nullptr; }
    friend bool operator==(const RawFiber&, const RawFiber&) noexcept = default;

private:
    friend struct impl::RawAccess;
    explicit RawFiber(impl::RawBlock* block) noexcept : block_(block) {}
    impl::RawBlock* block_ = nullptr;
};

enum class RawSwitch { value, exception };

/// Told of each switch between raw fibers of its thread, in the one that goes on.
using SwitchTracer = std::function<void(RawSwitch kind, const RawFiber& from, const RawFiber& to)>;

/// Sets the calling thread's tracer, or none; returns the one before. Switches that a tracer itself makes are not
/// traced. One that throws is reported and removed.
WEFT_API SwitchTracer set_switch_tracer(SwitchTracer tracer);

}  // namespace weft
