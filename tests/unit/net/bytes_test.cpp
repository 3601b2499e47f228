// What the views of bytes are made of, and that the bounds of a view hold.
#include <weft/base/bytes.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace {

using weft::ConstBytes;
using weft::MutableBytes;

std::size_t const_size(ConstBytes bytes) { return bytes.size(); }
std::size_t mutable_size(MutableBytes bytes) { return bytes.size(); }

TEST(Bytes, AreMadeFromEveryContiguousHolder) {
    std::string text = "abc";
    std::vector<int> numbers(4);
    std::array<char, 7> chars{};
    std::span<std::byte> nothing;
    char raw[9];
    EXPECT_EQ(const_size(text), 3U);
    EXPECT_EQ(const_size(std::string_view("abcd")), 4U);
    EXPECT_EQ(const_size(numbers), 16U);
    EXPECT_EQ(const_size(chars), 7U);
    EXPECT_EQ(const_size(nothing), 0U);
    EXPECT_EQ(mutable_size(text), 3U);
    EXPECT_EQ(mutable_size(numbers), 16U);
    EXPECT_EQ(mutable_size(chars), 7U);
    EXPECT_EQ(mutable_size(raw), 9U);
}

TEST(Bytes, ALiteralCountsWithoutItsZeroAndABufferCountsWhole) {
    char buffer[8] = {};
    const char plain[2] = {'a', 'b'};
    EXPECT_EQ(const_size("hello"), 5U);
    EXPECT_EQ(const_size(""), 0U);
    EXPECT_EQ(const_size(buffer), 8U);
    EXPECT_EQ(const_size(plain), 2U);
}

TEST(Bytes, WhatMayNotChangeMakesNoMutableBytes) {
    static_assert(!std::is_convertible_v<const std::string&, MutableBytes>);
    static_assert(!std::is_convertible_v<std::string_view, MutableBytes>);
    static_assert(!std::is_convertible_v<std::span<const std::byte>, MutableBytes>);
    static_assert(!std::is_convertible_v<const char(&)[4], MutableBytes>);
    static_assert(!std::is_convertible_v<ConstBytes, MutableBytes>);
    static_assert(std::is_convertible_v<MutableBytes, ConstBytes>);
    static_assert(!std::is_convertible_v<std::vector<std::string>&, ConstBytes>);
    static_assert(!std::is_convertible_v<std::vector<std::string_view>&, ConstBytes>);
    static_assert(!std::is_convertible_v<std::vector<MutableBytes>&, ConstBytes>);
}

TEST(Bytes, PartsStayInsideTheWhole) {
    ConstBytes bytes("hello");
    EXPECT_EQ(bytes.first(2).text(), "he");
    EXPECT_EQ(bytes.first(99).text(), "hello");
    EXPECT_EQ(bytes.after(2).text(), "llo");
    EXPECT_TRUE(bytes.after(5).empty());
    EXPECT_TRUE(bytes.after(99).empty());
}

}  // namespace
