// The start of the shim, and what switches it on and off.
#include <weft/shim/shim.hpp>

#include "shim/children.hpp"
#include "shim/gate.hpp"
#include "shim/group_names.hpp"
#include "shim/originals.hpp"
#include "shim/own_code.hpp"

#include <weft/posix/transfer.hpp>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>

namespace weft::shim {

namespace {

std::uint32_t bits_of(std::initializer_list<Group> groups, std::uint32_t none) noexcept {
    std::uint32_t bits = groups.size() == 0 ? none : 0;
    for (const Group group : groups) {
        bits |= impl::bit_of(group);
    }
    return bits;
}

/// Before the program's own constructors, and after those of the libraries that the shim needs.
[[gnu::constructor(101)]] void start() noexcept {
    impl::find_originals();
    impl::find_own_code();
    try {
        const char* list =
            std::getenv("WEFT_SHIM");  // NOLINT(concurrency-mt-unsafe): no other thread is there yet
        impl::set_up_children(std::getenv("WEFT_SHIM_CHILDREN"));  // NOLINT(concurrency-mt-unsafe)
        const bool given = list != nullptr && *list != '\0';
        impl::enabled_groups.store(given ? impl::parse_groups(list) : impl::default_groups,
                                   std::memory_order_relaxed);
        posix::offload_files(enabled(Group::file));
    } catch (const std::exception& error) {
        const std::string text = std::string("weft: ") + error.what() + "\n";
        static_cast<void>(!::write(2, text.data(), text.size()));
        ::_exit(2);
    }
}

}  // namespace

void enable(std::initializer_list<Group> groups) noexcept {
    impl::enabled_groups.fetch_or(bits_of(groups, impl::default_groups), std::memory_order_relaxed);
    posix::offload_files(enabled(Group::file));
}

void disable(std::initializer_list<Group> groups) noexcept {
    impl::enabled_groups.fetch_and(~bits_of(groups, ~std::uint32_t{0}), std::memory_order_relaxed);
    posix::offload_files(enabled(Group::file));
}

bool enabled(Group group) noexcept { return impl::group_enabled(group); }

bool wraps(const char* function) noexcept {
    Dl_info found{};
    Dl_info own{};
    void* const reached = original(function) != nullptr ? ::dlsym(RTLD_DEFAULT, function) : nullptr;
    return reached != nullptr && ::dladdr(reached, &found) != 0 &&
           ::dladdr(reinterpret_cast<void*>(&impl::find_originals), &own) != 0 &&
           found.dli_fbase == own.dli_fbase;
}

void* original(const char* function) noexcept { return impl::original_of(function); }

}  // namespace weft::shim
