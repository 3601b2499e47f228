// What wait_any() and its companions take: a reference to anything that can be waited for.
#pragma once

#include <weft/base/export.hpp>

#include <concepts>

namespace weft {

class Waitable;

namespace impl {

struct WaitNode;
struct WaitableAccess;

/// See Awaitable in src/core/awaitable.hpp.
struct WaitableOps {
    bool (*enlist)(void* object, WaitNode& node) noexcept;
    bool (*delist)(void* object, WaitNode& node) noexcept;
};

template <class T>
concept HasWaitable = requires(T& object) {
    { object.waitable() } -> std::same_as<Waitable>;
};

}  // namespace impl

/// Refers to a fiber, an event, a semaphore, a channel or whatever else has waitable(); made implicitly. The object has to stay
/// where it is, and as long as it is waited for.
class Waitable {
public:
    template <impl::HasWaitable T>
    Waitable(T& object) : Waitable(object.waitable()) {}

private:
    friend struct impl::WaitableAccess;
    Waitable(void* object, const impl::WaitableOps& ops) noexcept : object_(object), ops_(&ops) {}

    void* object_;
    const impl::WaitableOps* ops_;
};

}  // namespace weft
