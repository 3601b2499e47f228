// What a fiber runs and what it leaves behind: the function with its arguments, and its result.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weft::impl {

/// The type-erased face of a closure. The library runs it once, or only drops its arguments, and destroys it.
struct ClosureBase {
    void (*invoke)(ClosureBase&);            ///< runs the function; what it throws comes out
    void (*drop)(ClosureBase&) noexcept;     ///< destroys function and arguments, unless invoke() did
    void (*destroy)(ClosureBase&) noexcept;  ///< ends the object, its result included
};

/// Room for the value of a function that returns R.
template <class R>
struct ResultSlot : ClosureBase {
    std::optional<R> value;
};
template <class R>
struct ResultSlot<R&> : ClosureBase {
    R* value = nullptr;
};
template <>
struct ResultSlot<void> : ClosureBase {};

template <class R, class F, class... Args>
struct Closure final : ResultSlot<R> {
    template <class G, class... As>
    explicit Closure(G&& fn, As&&... as)
        : call_(std::in_place, std::forward<G>(fn), std::forward<As>(as)...) {
        this->invoke = &invoke_impl;
        this->drop = &drop_impl;
        this->destroy = &destroy_impl;
    }

private:
    static void invoke_impl(ClosureBase& base) {
        auto& self = static_cast<Closure&>(base);
        // Function and arguments end with the call, before anybody is told that the fiber has.
        struct Drop {
            Closure& of;
            ~Drop() { of.call_.reset(); }
        } drop{self};
        auto call = [](F& fn, Args&... args) -> R { return std::invoke(std::move(fn), std::move(args)...); };
        if constexpr (std::is_void_v<R>) {
            std::apply(call, *self.call_);
        } else if constexpr (std::is_reference_v<R>) {
            self.value = &std::apply(call, *self.call_);
        } else {
            self.value.emplace(std::apply(call, *self.call_));
        }
    }
    static void drop_impl(ClosureBase& base) noexcept { static_cast<Closure&>(base).call_.reset(); }
    static void destroy_impl(ClosureBase& base) noexcept { static_cast<Closure&>(base).~Closure(); }

    std::optional<std::tuple<F, Args...>> call_;
};

}  // namespace weft::impl
