// Room for trivial elements whose growth can fail without an exception and whose owner keeps count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

namespace weft::impl {

template <class T>
class RawArray {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    RawArray() noexcept = default;
    RawArray(const RawArray&) = delete;
    RawArray& operator=(const RawArray&) = delete;
    RawArray(RawArray&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
    RawArray& operator=(RawArray&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~RawArray() { std::free(data_); }

    T& operator[](std::size_t index) noexcept { return data_[index]; }
    const T& operator[](std::size_t index) const noexcept { return data_[index]; }
    std::uint32_t capacity() const noexcept { return capacity_; }

    /// Moves the first `count` elements to room for `capacity`; false, and nothing changed, where there is no
    /// memory. Not realloc: that copies the whole old room, and most of a heap's room has never been touched.
    [[nodiscard]] bool resize(std::uint32_t count, std::uint32_t capacity) noexcept {
        T* const data = static_cast<T*>(std::malloc(capacity * sizeof(T)));
        if (data == nullptr) {
            return false;
        }
        if (count != 0) {
            std::memcpy(data, data_, count * sizeof(T));
        }
        std::free(data_);
        data_ = data;
        capacity_ = capacity;
        return true;
    }

private:
    T* data_ = nullptr;
    std::uint32_t capacity_ = 0;
};

}  // namespace weft::impl
