// What is left of a vector of buffers after its first bytes.
#pragma once

#include <sys/uio.h>

#include <climits>
#include <cstddef>

namespace weft::impl {

/// Bytes of all buffers together.
inline std::size_t total_size(const iovec* buffers, std::size_t count) noexcept {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
        size += buffers[i].iov_len;
    }
    return size;
}

/// The buffers without the first `done` bytes, at most `capacity` of them. Never empty while bytes are left.
class IovecPart {
public:
    IovecPart(const iovec* buffers, std::size_t count, std::size_t done) noexcept {
        for (std::size_t i = 0; i < count && used_ < capacity; ++i) {
            if (done >= buffers[i].iov_len) {
                done -= buffers[i].iov_len;
                continue;
            }
            parts_[used_++] = {static_cast<char*>(buffers[i].iov_base) + done, buffers[i].iov_len - done};
            done = 0;
        }
    }
    iovec* data() noexcept { return parts_; }
    std::size_t count() const noexcept { return used_; }

private:
    static constexpr std::size_t capacity = 64;
    iovec parts_[capacity];
    std::size_t used_ = 0;
};

}  // namespace weft::impl
