// Reading a list of groups.
#include "shim/group_names.hpp"

#include <array>
#include <stdexcept>
#include <string>

namespace weft::impl {

namespace {

// In the order of shim::Group.
constexpr std::array<std::string_view, 11> names{"socket", "poll",   "time", "dns",  "process", "locks",
                                                 "stdio",  "signal", "book", "file", "keys"};

[[noreturn]] void refuse(std::string_view word) {
    std::string text = "WEFT_SHIM: '" + std::string(word) + "' is no group; it takes a list of all, none";
    for (const std::string_view name : names) {
        text += ", " + std::string(name);
    }
    throw std::invalid_argument(text + ", each but none with - in front to leave it out");
}

std::uint32_t bits_of_word(std::string_view word) {
    if (word == "all") {
        return default_groups;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == word) {
            return std::uint32_t{1} << i;
        }
    }
    refuse(word);
}

}  // namespace

std::uint32_t parse_groups(std::string_view list) {
    // "-dns" alone takes it from what is on without the variable.
    std::uint32_t groups = list.starts_with('-') ? default_groups : 0;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view word = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (word == "none") {
            groups = 0;
        } else if (word.starts_with('-')) {
            groups &= ~bits_of_word(word.substr(1));
        } else {
            groups |= bits_of_word(word);
        }
    }
    return groups;
}

}  // namespace weft::impl
