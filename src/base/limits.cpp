// Resource limits of the process.
#include "base/limits.hpp"

#include "base/sys.hpp"

namespace weft::impl {

std::size_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (sys.getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (raised.rlim_cur != limit.rlim_cur && sys.setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        return raised.rlim_cur;
    }
    return limit.rlim_cur;
}

}  // namespace weft::impl
