// A descriptor that fibers wait for: closing it wakes them.
#pragma once

#include "base/unique_fd.hpp"
#include "io/fd_hubs.hpp"

#include <atomic>

namespace weft::impl {

/// Owns a descriptor. Any number of fibers may use it at once; moving it away under them is the caller's bug.
class Descriptor {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(UniqueFd fd) noexcept : fd_(fd.release()) { begin_here(this->fd()); }
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_.exchange(-1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            close();
            fd_ = other.fd_.exchange(-1);
        }
        return *this;
    }
    ~Descriptor() { close(); }

    /// -1 once closed.
    [[nodiscard]] int fd() const noexcept { return fd_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_open() const noexcept { return fd() >= 0; }

    /// Wakes whoever waits for it, with EBADF, and closes it.
    void close() noexcept {
        if (const int fd = fd_.exchange(-1); fd >= 0) {
            close_everywhere(fd);
        }
    }

    /// Gives it away: the hubs forget it, and nobody may be waiting for it.
    [[nodiscard]] UniqueFd release() noexcept {
        const int fd = fd_.exchange(-1);
        if (fd >= 0) {
            forget_here(fd);
        }
        return UniqueFd(fd);
    }

private:
    std::atomic<int> fd_ = -1;  ///< other threads may close it
};

}  // namespace weft::impl
