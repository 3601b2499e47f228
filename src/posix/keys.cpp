// pthread_key_*: a key is libc's, its values in fibers are kept among the fiber's local values, and end with those.
#include <weft/posix/thread.hpp>

#include "posix/call.hpp"
#include "posix/libc.hpp"

#include <weft/core/fiber_local.hpp>

#include <limits.h>

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace weft::posix {

using impl::libc;

namespace {

constexpr std::size_t most_keys = PTHREAD_KEYS_MAX;

/// What is known of a key. A number is given out again after it was deleted: what fibers have from before is no value of it.
struct Key {
    std::atomic<void (*)(void*)> destructor{nullptr};
    std::atomic<std::uint32_t> age{0};
};

constinit std::array<Key, most_keys> keys{};

struct Value {
    void* data = nullptr;
    std::uint32_t age = 0;
};

/// The values of one fiber, by key.
using Values = std::vector<Value>;

std::size_t local_key() noexcept {
    static const std::size_t key = impl::new_local_key();
    return key;
}

void end_nothing(void*) noexcept {}

/// As at the end of a thread: destructors see the other values, and may set values again, a few times.
void end_values(void* store) noexcept {
    const std::unique_ptr<Values> values(static_cast<Values*>(store));
    try {
        impl::store_local(local_key(), store, &end_nothing);
    } catch (const std::bad_alloc&) {
        // They do not see them, then.
    }
    bool again = true;
    for (int round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
        again = false;
        for (std::size_t i = 0; i < values->size(); ++i) {
            const auto destructor = keys[i].destructor.load(std::memory_order_acquire);
            const bool current = (*values)[i].age == keys[i].age.load(std::memory_order_relaxed);
            void* const data = std::exchange((*values)[i].data, nullptr);
            if (data != nullptr && destructor != nullptr && current) {
                destructor(data);
                again = true;
            }
        }
    }
}

/// Whether the calling fiber has values of its own: not one that is a thread's own stack.
bool has_own_values() noexcept {
    const impl::Hub* hub = impl::fiber_hub();
    return hub != nullptr && hub->running().slot != nullptr;
}

Values* find_values() noexcept { return static_cast<Values*>(impl::find_local(local_key())); }

/// With room for `key`. Throws std::bad_alloc.
Values& values_with_room(std::size_t key) {
    Values* values = find_values();
    if (values == nullptr) {
        auto fresh = std::make_unique<Values>();
        impl::store_local(local_key(), fresh.get(), &end_values);
        values = fresh.release();
    }
    if (values->size() <= key) {
        values->resize(key + 1);
    }
    return *values;
}

}  // namespace

int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
    const int result = libc.pthread_key_create(key, destructor);
    if (result == 0 && *key < most_keys) {
        keys[*key].age.fetch_add(1, std::memory_order_relaxed);
        keys[*key].destructor.store(destructor, std::memory_order_release);
    }
    return result;
}

int pthread_key_delete(pthread_key_t key) noexcept {
    if (key < most_keys) {
        keys[key].destructor.store(nullptr, std::memory_order_relaxed);
        keys[key].age.fetch_add(1, std::memory_order_relaxed);
    }
    return libc.pthread_key_delete(key);
}

void* pthread_getspecific(pthread_key_t key) noexcept {
    if (!has_own_values() || key >= most_keys) {
        return libc.pthread_getspecific(key);
    }
    const Values* values = find_values();
    if (values == nullptr || key >= values->size()) {
        return nullptr;
    }
    const Value& value = (*values)[key];
    return value.age == keys[key].age.load(std::memory_order_relaxed) ? value.data : nullptr;
}

int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
    if (!has_own_values() || key >= most_keys) {
        return libc.pthread_setspecific(key, value);
    }
    try {
        values_with_room(key)[key] = {.data = const_cast<void*>(value),
                                      .age = keys[key].age.load(std::memory_order_relaxed)};
        return 0;
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

int tss_create(tss_t* key, tss_dtor_t destructor) {
    return posix::pthread_key_create(key, destructor) == 0 ? thrd_success : thrd_error;
}

void tss_delete(tss_t key) { posix::pthread_key_delete(key); }

void* tss_get(tss_t key) { return posix::pthread_getspecific(key); }

int tss_set(tss_t key, void* value) {
    return posix::pthread_setspecific(key, value) == 0 ? thrd_success : thrd_error;
}

}  // namespace weft::posix
