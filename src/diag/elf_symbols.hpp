// The functions that the symbol table of a program or library names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::impl {

class ElfSymbols {
public:
    /// Of a file that cannot be read, or has no table, no function is known.
    explicit ElfSymbols(const std::string& path);

    /// The mangled name of the function at the file's own address; empty if none is known.
    std::string function_at(std::uint64_t address) const;

private:
    void read(const char* image, std::size_t size);

    struct Function {
        std::uint64_t begin;
        std::uint64_t size;
        std::uint32_t name;  ///< where it begins in names_
    };
    std::vector<Function> functions_;  ///< sorted
    std::string names_;
};

}  // namespace weft::impl
