// The table of libc's own functions.
#include "posix/libc.hpp"

namespace weft::impl {

constinit Libc libc{};

}  // namespace weft::impl
