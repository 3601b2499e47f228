// Finding the code of libraries.
#include "shim/own_code.hpp"

#include "posix/port.hpp"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <link.h>

namespace weft::impl {

namespace {

struct Search {
    std::uintptr_t address;
    bool of_program;
    CodeRange found;
};

int look_at(dl_phdr_info* info, std::size_t, void* argument) noexcept {
    auto& search = *static_cast<Search*>(argument);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& part = info->dlpi_phdr[i];
        const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 && search.address - begin < part.p_memsz) {
            search.of_program = info->dlpi_name == nullptr || *info->dlpi_name == '\0';
            search.found = {.begin = begin, .size = part.p_memsz};
            return 1;
        }
    }
    return 0;
}

Search code_around(const void* function) noexcept {
    Search search{.address = reinterpret_cast<std::uintptr_t>(function), .of_program = false, .found = {}};
    ::dl_iterate_phdr(&look_at, &search);
    return search;
}

}  // namespace

constinit std::array<CodeRange, 2> own_code{};
constinit CodeRange sanitizer_code{};

void find_own_code() noexcept {
    own_code[0] = code_around(reinterpret_cast<const void*>(&libc_functions)).found;
    const Search allocator = code_around(::dlsym(RTLD_DEFAULT, "malloc"));
    const std::uintptr_t begin = allocator.found.begin;
    const auto has = [begin](const void* function) { return code_around(function).found.begin == begin; };
    if (allocator.of_program || has(reinterpret_cast<const void*>(&::gnu_get_libc_version))) {
        return;  // the program's other locks are to park
    }
    const bool sanitizer =
        has(::dlsym(RTLD_DEFAULT, "pthread_mutex_lock")) || has(::dlsym(RTLD_DEFAULT, "pthread_create"));
    (sanitizer ? sanitizer_code : own_code[1]) = allocator.found;
}

}  // namespace weft::impl
