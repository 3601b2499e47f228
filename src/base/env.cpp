// Parsing of environment variables.
#include "base/env.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace weft::impl::env {
namespace {

[[noreturn]] void reject(const char* name, std::string_view value, const std::string& valid) {
    throw std::invalid_argument(std::string(name) + "=" + std::string(value) + ": expected " + valid);
}

/// A number at the start of `value`, which loses those characters.
template <class Number>
std::optional<Number> take_number(std::string_view& value) {
    Number number{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    value.remove_prefix(static_cast<std::size_t>(end - value.data()));
    return number;
}

std::optional<unsigned> suffix_shift(std::string_view suffix) {
    if (suffix.empty()) {
        return 0;
    }
    if (suffix.size() != 1) {
        return std::nullopt;
    }
    switch (suffix[0]) {
        case 'k':
        case 'K':
            return 10;
        case 'm':
        case 'M':
            return 20;
        case 'g':
        case 'G':
            return 30;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<std::string_view> text(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> flag(const char* name) {
    const auto word = choice(name, {"0", "1", "false", "true", "no", "yes", "off", "on"});
    if (!word) {
        return std::nullopt;
    }
    return *word % 2 == 1;
}

std::optional<std::int64_t> number(const char* name, std::int64_t min, std::int64_t max) {
    const auto value = text(name);
    if (!value) {
        return std::nullopt;
    }
    std::string_view rest = *value;
    const auto parsed = take_number<std::int64_t>(rest);
    if (!parsed || !rest.empty() || *parsed < min || *parsed > max) {
        reject(name, *value, "a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return parsed;
}

std::optional<std::size_t> bytes(const char* name, std::size_t min, std::size_t max) {
    const auto value = text(name);
    if (!value) {
        return std::nullopt;
    }
    std::string_view rest = *value;
    const auto parsed = take_number<std::size_t>(rest);
    const auto shift = suffix_shift(rest);
    if (!parsed || !shift || *parsed > (max >> *shift) || (*parsed << *shift) < min) {
        reject(name, *value,
               "a number of bytes from " + std::to_string(min) + " to " + std::to_string(max) +
                   ", with K, M or G after it if you like (256K)");
    }
    return *parsed << *shift;
}

std::optional<std::size_t> choice(const char* name, std::initializer_list<std::string_view> words) {
    const auto value = text(name);
    if (!value) {
        return std::nullopt;
    }
    const auto* found = std::find(words.begin(), words.end(), *value);
    if (found == words.end()) {
        std::string valid;
        for (std::string_view word : words) {
            valid += valid.empty() ? "" : ", ";
            valid += word;
        }
        reject(name, *value, "one of " + valid);
    }
    return static_cast<std::size_t>(found - words.begin());
}

}  // namespace weft::impl::env
