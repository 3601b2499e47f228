// The owner of one file descriptor.
#pragma once

#include <utility>

#include "base/sys.hpp"

namespace weft::impl {

class UniqueFd {
public:
    UniqueFd() noexcept = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Takes over `fd` and closes what was held before. errno is kept, for this runs while errors are on their way.
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

}  // namespace weft::impl
