// How a guard is put below a stack.
#include "context/guard.hpp"

#include <charconv>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace weft::impl {
namespace {

constexpr int madv_guard_install = 102;  // since Linux 6.13; newer than Debian 12's headers

}  // namespace

constinit std::atomic<bool> unguarded_stacks{false};

std::size_t max_map_count() noexcept {
    std::size_t count = 65530;
    const UniqueFd file(sys.open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC));
    char text[32];
    const ssize_t length = file ? sys.read(file.get(), text, sizeof text) : -1;
    if (length > 0) {
        std::from_chars(text, text + length, count);
    }
    return count;
}

Guard GuardLadder::protect(void* at) noexcept {
    if (!no_markers_.load(std::memory_order_relaxed)) {
        if (sys.madvise(at, guard_size, madv_guard_install) == 0) {
            return Guard::pages;
        }
        no_markers_.store(true, std::memory_order_relaxed);
    }
    if (!no_mappings_.load(std::memory_order_relaxed)) {
        if (protect_by_mapping(at)) {
            return Guard::pages;
        }
        if (!no_mappings_.exchange(true, std::memory_order_relaxed)) {
            warn(
                "from now on stacks have no guard pages (this kernel has no MADV_GUARD_INSTALL, and %zu "
                "mappings are "
                "half of vm.max_map_count or all that is left): an overflow is found only when the fiber "
                "waits",
                mappings_.load(std::memory_order_relaxed));
        }
    }
    unguarded_stacks.store(true, std::memory_order_relaxed);
    return Guard::canary;
}

bool GuardLadder::protect_by_mapping(void* at) noexcept {
    if (budget_.load(std::memory_order_relaxed) == 0) {
        budget_.store(max_map_count() / 2, std::memory_order_relaxed);
    }
    constexpr std::size_t per_guard = 2;  // the guard's own, and the stack's that it cuts off
    if (mappings_.load(std::memory_order_relaxed) + per_guard > budget_.load(std::memory_order_relaxed) ||
        sys.mprotect(at, guard_size, PROT_NONE) != 0) {
        return false;
    }
    mappings_.fetch_add(per_guard, std::memory_order_relaxed);
    return true;
}

}  // namespace weft::impl
