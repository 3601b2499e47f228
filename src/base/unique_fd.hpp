// The owner of one file descriptor, under its internal name.
#pragma once

#include "base/sys.hpp"

#include <weft/base/unique_fd.hpp>

namespace weft::impl {

using weft::UniqueFd;

}  // namespace weft::impl
