// The list of the library's own descriptors: a handful per hub.
#include "base/own_fds.hpp"

#include "base/sys.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

namespace weft::impl {

namespace {

// Just below what select() can hold, so that the kernel's table of the process does not grow for them.
constexpr int highest = 1000;
constexpr int room = 64;

constexpr std::size_t word_bits = 64;
constexpr std::size_t words =
    (1U << 20) / word_bits;  // a million, the kernel's own limit unless somebody raises it
constinit std::array<std::atomic<std::uint64_t>, words> taken{};

void mark(int fd, bool is_taken) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    if (index / word_bits >= words) {
        return;
    }
    const std::uint64_t bit = std::uint64_t{1} << index % word_bits;
    std::atomic<std::uint64_t>& word = taken[index / word_bits];
    is_taken ? word.fetch_or(bit, std::memory_order_relaxed)
             : word.fetch_and(~bit, std::memory_order_relaxed);
}

}  // namespace

int keep_own_fd(int fd) noexcept {
    if (fd < 0) {
        return fd;
    }
    rlimit limit{};
    if (sys.getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        const int below = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, highest));
        const int moved =
            below > 2 * room && fd < below - room ? sys.fcntl(fd, F_DUPFD_CLOEXEC, below - room) : -1;
        if (moved >= 0) {
            sys.close(fd);
            fd = moved;
        }
    }
    mark(fd, true);
    return fd;
}

void close_own_fd(int fd) noexcept {
    mark(fd, false);
    sys.close(fd);
}

bool is_own_fd(int fd) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    return index / word_bits < words &&
           (taken[index / word_bits].load(std::memory_order_relaxed) >> index % word_bits & 1) != 0;
}

int next_own_fd(int fd) noexcept {
    for (auto index = static_cast<std::size_t>(fd > 0 ? fd : 0); index / word_bits < words;) {
        const std::uint64_t left =
            taken[index / word_bits].load(std::memory_order_relaxed) >> index % word_bits;
        if (left != 0) {
            return static_cast<int>(index) + __builtin_ctzll(left);
        }
        index = (index / word_bits + 1) * word_bits;
    }
    return -1;
}

}  // namespace weft::impl
