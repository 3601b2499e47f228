// Replaces one entry of the system table for the length of a scope.
#pragma once

#include <type_traits>
#include <utility>

#include "base/sys.hpp"

namespace weft::impl {

/// SysOverride fault(&Sys::madvise, +[](void*, std::size_t, int) { errno = EINVAL; return -1; });
template <class Function>
class [[nodiscard]] SysOverride {
public:
    SysOverride(Function Sys::*entry, std::type_identity_t<Function> replacement)
        : entry_(entry), original_(std::exchange(sys.*entry, replacement)) {}
    SysOverride(const SysOverride&) = delete;
    SysOverride& operator=(const SysOverride&) = delete;
    ~SysOverride() { sys.*entry_ = original_; }

private:
    Function Sys::*entry_;
    Function original_;
};

}  // namespace weft::impl
