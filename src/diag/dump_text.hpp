// Samples of hubs as text.
#pragma once

#include "diag/visit.hpp"

#include <weft/diag/dump.hpp>

#include <string>

namespace weft::impl {

std::string text_of(const Samples& samples, const diag::DumpOptions& options);

/// `1 fiber`, `2 fibers`.
std::string counted(std::size_t count, const char* what);

}  // namespace weft::impl
