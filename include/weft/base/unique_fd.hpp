// The owner of one file descriptor.
#pragma once

#include <weft/base/export.hpp>

#include <utility>

namespace weft {

/// Owns a descriptor and closes it. Move-only.
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

    /// -1 where it owns none.
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Gives the descriptor up without closing it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Takes over `fd` and closes what was held before. errno is kept, for this runs while errors are on
    /// their way.
    WEFT_API void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

}  // namespace weft
