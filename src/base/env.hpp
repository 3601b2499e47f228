// Configuration from WEFT_* environment variables. A bad value is an error that names variable, value and
// valid forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace weft::impl::env {

/// All of these throw std::invalid_argument at a bad value. Unset and empty variables are absent.
std::optional<std::string_view> text(const char* name);
/// 0, 1, false, true, no, yes, off or on.
std::optional<bool> flag(const char* name);
/// A decimal number from `min` to `max`.
std::optional<std::int64_t> number(const char* name, std::int64_t min, std::int64_t max);
/// A number of bytes, with an optional suffix K, M or G (powers of 1024).
std::optional<std::size_t> bytes(const char* name, std::size_t min, std::size_t max);
/// One of the given words; returns its position.
std::optional<std::size_t> choice(const char* name, std::initializer_list<std::string_view> words);

}  // namespace weft::impl::env
