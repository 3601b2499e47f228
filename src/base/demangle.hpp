// Names of C++ as people write them.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace weft::impl {

using Demangled = std::unique_ptr<char, void (*)(void*)>;

/// Null where the name is none of C++'s, or there is no memory.
inline Demangled demangle(const char* name) noexcept {
    int status = 0;
    return {abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free};
}

}  // namespace weft::impl
