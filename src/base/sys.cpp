// The table of system functions in its normal state, and the calls that libc has no wrapper for.
#include "base/sys.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

namespace weft::impl {

constinit Sys sys{};

int futex_wait(const std::uint32_t* word, std::uint32_t expected, const timespec* until) {
    // The bitset form takes an absolute time, so a wait that EINTR interrupts can simply be repeated.
    return static_cast<int>(::syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, until, nullptr,
                                      FUTEX_BITSET_MATCH_ANY));
}

int futex_wake(const std::uint32_t* word, int count) {
    return static_cast<int>(::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0));
}

}  // namespace weft::impl
