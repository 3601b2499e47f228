// Names for addresses of code.
#include "diag/symbols.hpp"

#include "base/demangle.hpp"
#include "diag/elf_symbols.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstdio>

namespace weft::impl {

Symbols::Symbols() = default;
Symbols::~Symbols() = default;

const ElfSymbols* Symbols::file(const std::string& path) {
    auto& symbols = files_[path];
    if (symbols == nullptr) {
        symbols = std::make_unique<ElfSymbols>(path);
    }
    return symbols.get();
}

const Symbols::Place& Symbols::at(const void* return_address) {
    const auto [entry, fresh] = places_.try_emplace(return_address);
    Place& place = entry->second;
    if (!fresh) {
        return place;
    }
    // The call lies before the address that it returns to, which may belong to the next function.
    const auto* call = static_cast<const char*>(return_address) - 1;
    Dl_info about{};
    link_map* map = nullptr;
    char text[64];
    if (::dladdr1(call, &about, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || map == nullptr) {
        std::snprintf(text, sizeof text, "%p", return_address);
        place.text = text;
        return place;
    }
    // The program itself has no name among what is loaded.
    const std::string path = map->l_name[0] != '\0' ? map->l_name : "/proc/self/exe";
    const std::string shown = map->l_name[0] != '\0' ? map->l_name : about.dli_fname;
    place.file = shown.substr(shown.rfind('/') + 1);
    const auto offset = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(call) - map->l_addr);
    std::string name = file(path)->function_at(offset);
    if (name.empty() && about.dli_sname != nullptr) {
        name = about.dli_sname;
    }
    const Demangled demangled = demangle(name.c_str());
    place.function = demangled != nullptr ? demangled.get() : name;
    std::snprintf(text, sizeof text, "+%#llx)", static_cast<unsigned long long>(offset));
    place.text = (place.function.empty() ? "?" : place.function) + " (" + place.file + text;
    return place;
}

}  // namespace weft::impl
