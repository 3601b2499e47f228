// libc's own functions, behind those that the shim puts in their place.
#pragma once

#include <weft/base/export.hpp>

#include <array>
#include <atomic>
#include <cstddef>

namespace weft::impl {

/// One of each function of the table that is not an alias.
enum class Name : unsigned {
#define WRAP(group, name, result, parameters, arguments) name_##name,
#define BOOK(group, name, result, parameters, arguments) name_##name,
#define CUSTOM(group, name) name_##name,
#include "shim/table.def"
    count
};

/// Finds it; stops the program if libc has no such function.
void* find_original(Name name) noexcept;

extern constinit std::array<std::atomic<void*>, static_cast<std::size_t>(Name::count)> originals;

/// What libc (or whoever comes next) has under that name; found at the first call if that comes before the start of the shim.
template <class Function>
Function* original(Name name) noexcept {
    void* found = originals[static_cast<std::size_t>(name)].load(std::memory_order_relaxed);
    return reinterpret_cast<Function*>(found != nullptr ? found : find_original(name));
}

/// The same, but null if libc has no such function, being older.
void* look_up(Name name) noexcept;
template <class Function>
Function* original_if_any(Name name) noexcept {
    void* found = originals[static_cast<std::size_t>(name)].load(std::memory_order_relaxed);
    return reinterpret_cast<Function*>(found != nullptr ? found : look_up(name));
}

/// The same for any exported name of the table, also an alias; null if the table does not have it.
void* original_of(const char* name) noexcept;

/// Finds all that there are, and enters them in the library's own tables.
void find_originals() noexcept;

}  // namespace weft::impl

/// A function of the shim under libc's name: the label keeps it apart from libc's declaration, whose attributes differ.
#define WEFT_SHIM(name, result, parameters)                           \
    extern "C" WEFT_API result shim_##name parameters __asm__(#name); \
    result shim_##name parameters

#define WEFT_ORIGINAL(name, result, parameters) \
    ::weft::impl::original<result parameters>(::weft::impl::Name::name_##name)
