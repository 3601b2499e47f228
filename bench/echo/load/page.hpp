// The results as one self-contained page with charts.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace weft::bench {

/// HTML that needs no network, nor scripts.
std::string as_page(const nlohmann::json& results);

}  // namespace weft::bench
