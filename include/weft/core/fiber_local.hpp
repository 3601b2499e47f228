// Values that each fiber has for itself, as threads have with thread_local.
#pragma once

#include <weft/base/export.hpp>

#include <cstddef>
#include <functional>
#include <utility>

namespace weft {

namespace impl {

/// The calling fiber's value under `key`, or null. A thread without a hub has values of its own.
[[nodiscard]] WEFT_API void* find_local(std::size_t key) noexcept;
/// Stores one that is not there yet; `end` is called when the fiber (or thread) ends.
WEFT_API void store_local(std::size_t key, void* value, void (*end)(void*) noexcept);
[[nodiscard]] WEFT_API std::size_t new_local_key() noexcept;

}  // namespace impl

/// One value of type T for each fiber that asks for it, made at the first use and destroyed at the fiber's
/// end, youngest first. A new fiber has none: nothing is inherited from the one that has spawned it. Usually a
/// variable with static storage. Keys are never reused.
///
/// Threads:   any; a thread without a hub has its own value.
/// Since:     0.1
template <class T>
class FiberLocal {
public:
    /// Values begin as T().
    FiberLocal() : FiberLocal([] { return T(); }) {}
    /// Values begin as `initial()`, which may wait.
    explicit FiberLocal(std::function<T()> initial)
        : key_(impl::new_local_key()), initial_(std::move(initial)) {}
    FiberLocal(const FiberLocal&) = delete;
    FiberLocal& operator=(const FiberLocal&) = delete;

    /// The calling fiber's value.
    T& operator*() { return get(); }
    T* operator->() { return &get(); }
    T& get() {
        if (void* value = impl::find_local(key_)) {
            return *static_cast<T*>(value);
        }
        T* value = new T(initial_());
        try {
            impl::store_local(key_, value, [](void* old) noexcept { delete static_cast<T*>(old); });
        } catch (...) {
            delete value;
            throw;
        }
        return *value;
    }

    /// Whether the calling fiber has one already.
    [[nodiscard]] bool has_value() const noexcept { return impl::find_local(key_) != nullptr; }

private:
    std::size_t key_;
    std::function<T()> initial_;
};

}  // namespace weft
