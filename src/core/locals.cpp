// Fiber-local values: a small vector per fiber, searched from the end.
#include "core/locals.hpp"

#include "core/hub.hpp"

#include <weft/core/fiber_local.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace weft::impl {

struct LocalStore {
    struct Entry {
        std::size_t key;
        void* value;
        void (*end)(void*) noexcept;
    };
    std::vector<Entry> entries;

    LocalStore() = default;
    LocalStore(const LocalStore&) = delete;
    LocalStore& operator=(const LocalStore&) = delete;
    ~LocalStore() {
        // A value's destructor may make others.
        while (!entries.empty()) {
            const Entry last = entries.back();
            entries.pop_back();
            last.end(last.value);
        }
    }
};

namespace {

thread_local LocalStore thread_store;

/// The main fiber is the thread, so they share their values.
LocalStore* store_of_caller(bool make) {
    Hub* hub = Hub::current();
    if (hub == nullptr || hub->running().slot == nullptr) {
        return &thread_store;
    }
    FiberBlock& fiber = hub->running();
    if (fiber.locals == nullptr && make) {
        fiber.locals = new LocalStore;
    }
    return fiber.locals;
}

}  // namespace

void end_locals(FiberBlock& fiber) noexcept {
    // In its place until it has ended: destructors of values use the older ones, and what they make ends with it.
    delete fiber.locals;
    fiber.locals = nullptr;
}

void* find_local(std::size_t key) noexcept {
    if (LocalStore* store = store_of_caller(false)) {
        for (std::size_t i = store->entries.size(); i-- > 0;) {
            if (store->entries[i].key == key) {
                return store->entries[i].value;
            }
        }
    }
    return nullptr;
}

void store_local(std::size_t key, void* value, void (*end)(void*) noexcept) {
    store_of_caller(true)->entries.push_back({key, value, end});
}

std::size_t new_local_key() noexcept {
    static std::atomic<std::size_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace weft::impl
