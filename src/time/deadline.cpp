// The cold path of deadlines.
#include <weft/time/deadline.hpp>

#include <cstdio>
#include <cstdlib>

namespace weft::impl {

void deadline_is_not_a_number() noexcept {
    std::fputs("weft: a deadline was made from a floating-point duration that is not a number (NaN)\n",
               stderr);
    std::abort();
}

}  // namespace weft::impl
