// Views of bytes that I/O calls take: ConstBytes to write from, MutableBytes to read into.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>

namespace weft {

namespace impl {

/// Only plain values: a struct would take its padding and its pointers along (std::as_bytes says that it
/// may).
template <class T>
concept ByteLike = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Anything with contiguous plain values; C arrays have constructors of their own.
template <class R>
concept ByteSource = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
    ByteLike<std::ranges::range_value_t<R>> && !std::is_array_v<std::remove_cvref_t<R>>;

template <class R>
concept ByteTarget =
    ByteSource<R> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

}  // namespace impl

/// Bytes that a call may change. Made implicitly from span, array, vector, string and C arrays; owns nothing.
class MutableBytes {
public:
    constexpr MutableBytes() noexcept = default;
    MutableBytes(void* data, std::size_t size) noexcept : data_(static_cast<std::byte*>(data)), size_(size) {}

    template <impl::ByteLike T, std::size_t N>
    requires(!std::is_const_v<T>) MutableBytes(T (&array)[N])
    noexcept : MutableBytes(array, sizeof array) {}

    template <class R>
    requires(impl::ByteTarget<R> && !std::is_same_v<std::remove_cvref_t<R>, MutableBytes>)
        MutableBytes(R&& range)
    noexcept
        : MutableBytes(std::ranges::data(range),
                       std::ranges::size(range) * sizeof(*std::ranges::data(range))) {}

    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::byte* begin() const noexcept { return data_; }
    [[nodiscard]] std::byte* end() const noexcept { return data_ + size_; }

    /// The first `count` bytes, or all of them when there are fewer.
    [[nodiscard]] MutableBytes first(std::size_t count) const noexcept {
        return {data_, count < size_ ? count : size_};
    }
    /// What follows the first `count` bytes; empty when there is nothing.
    [[nodiscard]] MutableBytes after(std::size_t count) const noexcept {
        return count < size_ ? MutableBytes{data_ + count, size_ - count} : MutableBytes{};
    }

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Bytes that a call only reads. Made implicitly from what MutableBytes is made of, and from string_view and
/// string literals. A literal counts without its terminating zero; a char array that is not const counts
/// whole.
class ConstBytes {
public:
    constexpr ConstBytes() noexcept = default;
    ConstBytes(const void* data, std::size_t size) noexcept
        : data_(static_cast<const std::byte*>(data)), size_(size) {}
    ConstBytes(MutableBytes bytes) noexcept : ConstBytes(bytes.data(), bytes.size()) {}

    template <std::size_t N>
    ConstBytes(const char (&literal)[N]) noexcept : ConstBytes(literal, literal[N - 1] == '\0' ? N - 1 : N) {}

    template <impl::ByteLike T, std::size_t N>
    requires(!std::is_same_v<T, const char>) ConstBytes(T (&array)[N])
    noexcept : ConstBytes(static_cast<const void*>(array), sizeof array) {}

    template <class R>
    requires(impl::ByteSource<R> && !std::is_same_v<std::remove_cvref_t<R>, ConstBytes> &&
             !std::is_same_v<std::remove_cvref_t<R>, MutableBytes>) ConstBytes(R&& range)
    noexcept
        : ConstBytes(std::ranges::data(range), std::ranges::size(range) * sizeof(*std::ranges::data(range))) {
    }

    [[nodiscard]] const std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const std::byte* begin() const noexcept { return data_; }
    [[nodiscard]] const std::byte* end() const noexcept { return data_ + size_; }
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(data_), size_};
    }

    /// The first `count` bytes, or all of them when there are fewer.
    [[nodiscard]] ConstBytes first(std::size_t count) const noexcept {
        return {data_, count < size_ ? count : size_};
    }
    /// What follows the first `count` bytes; empty when there is nothing.
    [[nodiscard]] ConstBytes after(std::size_t count) const noexcept {
        return count < size_ ? ConstBytes{data_ + count, size_ - count} : ConstBytes{};
    }

private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace weft
