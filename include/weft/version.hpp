// The version of weft, as compiled against and as loaded.
#pragma once

#include <string_view>

#include <weft/base/export.hpp>

namespace weft {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

/// The version of the library that the program has loaded, such as "0.1.0".
[[nodiscard]] WEFT_API std::string_view version() noexcept;

}  // namespace weft
