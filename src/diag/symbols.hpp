// Names for addresses of code.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace weft::impl {

class ElfSymbols;

/// Finds functions also where they are static, or of a program that exports nothing: it reads the symbol tables of the files
/// that are loaded. Not for signal handlers. One thread at a time.
class Symbols {
public:
    Symbols();
    Symbols(const Symbols&) = delete;
    Symbols& operator=(const Symbols&) = delete;
    ~Symbols();

    struct Place {
        std::string function;  ///< demangled; empty: unknown
        std::string file;      ///< the base name of the program or library
        std::string text;      ///< `function (file+0x1234)`
    };

    /// Of the instruction that the address returns to.
    const Place& at(const void* return_address);

private:
    const ElfSymbols* file(const std::string& path);

    std::map<std::string, std::unique_ptr<ElfSymbols>> files_;
    std::unordered_map<const void*, Place> places_;
};

}  // namespace weft::impl
