// What a test has found, in the forms for people and for programs.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "load_test.hpp"
#include "options.hpp"

namespace weft::bench {

/// A generator that used more of its processor than this has measured itself.
inline constexpr double bottleneck_utilisation = 0.95;

/// The object that --json writes; the table and the page are made from it.
nlohmann::json results(const LoadConfig& config, const LoadTest& test,
                       std::optional<double> syscalls_per_request);

/// For the terminal.
std::string as_table(const nlohmann::json& results);

}  // namespace weft::bench
