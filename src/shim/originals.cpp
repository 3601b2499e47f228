// Finding the originals, one by one: the search may itself call what is wrapped (an allocator that starts up, for example), and
// each name that is asked for finds its own.
#include "shim/originals.hpp"

#include "posix/port.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace weft::impl {

namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Name::count)> names{
#define WRAP(group, name, result, parameters, arguments) #name,
#define BOOK(group, name, result, parameters, arguments) #name,
#define CUSTOM(group, name) #name,
#include "shim/table.def"
};

struct Alias {
    const char* name;
    Name original;
};
constexpr Alias aliases[] = {
#define ALIAS(group, name, original) {#name, Name::name_##original},
#include "shim/table.def"
};

/// Writes the originals to the members of a table that bear their names.
template <class Table>
void enter(Table& table) noexcept {
#define WRAP(group, name, result, parameters, arguments)                            \
    if constexpr (requires { table.name; }) {                                       \
        if (void* found = originals[static_cast<std::size_t>(Name::name_##name)]) { \
            table.name = reinterpret_cast<decltype(table.name)>(found);             \
        }                                                                           \
    }
#define BOOK(group, name, result, parameters, arguments) WRAP(group, name, result, parameters, arguments)
#define CUSTOM(group, name) WRAP(group, name, , , )
#include "shim/table.def"
}

}  // namespace

constinit std::array<std::atomic<void*>, static_cast<std::size_t>(Name::count)> originals{};

void* look_up(Name name) noexcept {
    const auto index = static_cast<std::size_t>(name);
    // The older one of two functions of that name knows another layout, and some libraries' dlsym() finds it first.
    const bool two_layouts = std::strncmp(names[index], "pthread_cond_", 13) == 0;
    void* found = two_layouts ? ::dlvsym(RTLD_NEXT, names[index], "GLIBC_2.3.2") : nullptr;
    if (found == nullptr) {
        found = ::dlsym(RTLD_NEXT, names[index]);
    }
    originals[index].store(found, std::memory_order_relaxed);
    return found;
}

void* find_original(Name name) noexcept {
    void* found = look_up(name);
    if (found == nullptr) {
        const char* what = names[static_cast<std::size_t>(name)];
        // Nothing that allocates or locks: this may be anywhere.
        static_cast<void>(!::write(2, "weft: shim: the C library has no function ", 43));
        static_cast<void>(!::write(2, what, std::strlen(what)));
        static_cast<void>(!::write(2, "\n", 1));
        std::abort();
    }
    return found;
}

void* original_of(const char* name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::strcmp(names[i], name) == 0) {
            return look_up(static_cast<Name>(i));
        }
    }
    for (const Alias& alias : aliases) {
        if (std::strcmp(alias.name, name) == 0) {
            return look_up(alias.original);
        }
    }
    return nullptr;
}

void find_originals() noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        static_cast<void>(look_up(static_cast<Name>(i)));
    }
    enter(system_functions());
    enter(libc_functions());
}

}  // namespace weft::impl
