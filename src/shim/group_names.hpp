// The groups by name, and lists of them.
#pragma once

#include <weft/shim/shim.hpp>

#include <cstdint>
#include <string_view>

namespace weft::impl {

constexpr std::uint32_t bit_of(shim::Group group) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(group);
}

inline constexpr std::uint32_t all_groups = (bit_of(shim::Group::keys) << 1) - 1;
/// "all": what changes nothing for a program that does not know of it.
inline constexpr std::uint32_t default_groups =
    all_groups & ~(bit_of(shim::Group::file) | bit_of(shim::Group::keys));

/// "all,-dns", "none", "socket,poll": from left to right. Throws std::invalid_argument naming the word and the valid ones.
std::uint32_t parse_groups(std::string_view list);

}  // namespace weft::impl
