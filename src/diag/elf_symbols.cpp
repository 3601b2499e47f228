// Reading .symtab, or .dynsym where a file has been stripped.
#include "diag/elf_symbols.hpp"

#include "base/sys.hpp"
#include "base/unique_fd.hpp"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace weft::impl {

namespace {

/// `count` records of a table in the image; empty where the image ends before the table does.
template <class Record>
std::span<const Record> table(const char* image, std::size_t size, std::uint64_t at, std::uint64_t count) {
    if (at > size || count > (size - at) / sizeof(Record) || at % alignof(Record) != 0) {
        return {};
    }
    return {reinterpret_cast<const Record*>(image + at), static_cast<std::size_t>(count)};
}

}  // namespace

ElfSymbols::ElfSymbols(const std::string& path) {
    const UniqueFd file(sys.open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0 || about.st_size <= 0) {
        return;
    }
    const auto size = static_cast<std::size_t>(about.st_size);
    void* image = sys.mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (image != MAP_FAILED) {
        read(static_cast<const char*>(image), size);
        sys.munmap(image, size);
    }
}

void ElfSymbols::read(const char* image, std::size_t size) {
    const auto headers = table<Elf64_Ehdr>(image, size, 0, 1);
    if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0 ||
        headers[0].e_ident[EI_CLASS] != ELFCLASS64) {
        return;
    }
    const auto sections = table<Elf64_Shdr>(image, size, headers[0].e_shoff, headers[0].e_shnum);
    const Elf64_Shdr* chosen = nullptr;
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_type == SHT_SYMTAB || (section.sh_type == SHT_DYNSYM && chosen == nullptr)) {
            chosen = &section;
        }
    }
    if (chosen == nullptr || chosen->sh_link >= sections.size()) {
        return;
    }
    const Elf64_Shdr& strings = sections[chosen->sh_link];
    const auto names = table<char>(image, size, strings.sh_offset, strings.sh_size);
    names_.assign(names.begin(), names.end());
    for (const Elf64_Sym& symbol :
         table<Elf64_Sym>(image, size, chosen->sh_offset, chosen->sh_size / sizeof(Elf64_Sym))) {
        const auto type = ELF64_ST_TYPE(symbol.st_info);
        if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
            symbol.st_name < names_.size()) {
            functions_.push_back({.begin = symbol.st_value, .size = symbol.st_size, .name = symbol.st_name});
        }
    }
    std::sort(functions_.begin(), functions_.end(),
              [](const Function& a, const Function& b) { return a.begin < b.begin; });
}

std::string ElfSymbols::function_at(std::uint64_t address) const {
    auto after = std::upper_bound(functions_.begin(), functions_.end(), address,
                                  [](std::uint64_t at, const Function& each) { return at < each.begin; });
    if (after == functions_.begin()) {
        return {};
    }
    const Function& found = *--after;
    // Hand-written code has no size.
    const bool inside = found.size == 0 || address < found.begin + found.size;
    return inside ? std::string(names_.c_str() + found.name) : std::string();
}

}  // namespace weft::impl
