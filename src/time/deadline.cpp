// The cold path of deadlines.
#include <weft/time/deadline.hpp>

#include "base/error.hpp"

namespace weft::impl {

void deadline_is_not_a_number() noexcept {
    fatal("a deadline was made from a floating-point duration that is not a number (NaN)");
}

}  // namespace weft::impl
