// The bytes that an echo client sends and expects back: position p of a stream always holds the same byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace weft::bench {

/// A pseudo-random text of a prime period, so that bytes which are lost, repeated, swapped within a stream or
/// between two streams (which start at different places) show as a difference. The bytes at any place lie in
/// one piece of memory.
class Pattern {
public:
    static constexpr std::size_t period = 4093;
    static constexpr std::size_t longest_piece = 64 * 1024;

    Pattern() : bytes_(period + longest_piece) {
        std::uint64_t state = 0x9e3779b97f4a7c15;
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            state = state * 6364136223846793005 + 1442695040888963407;
            bytes_[i] = i < period ? static_cast<char>(state >> 56) : bytes_[i - period];
        }
    }

    /// Where a stream begins; places are in [0, period).
    static std::size_t start_of(std::size_t stream) { return stream * 977 % period; }
    static std::size_t advance(std::size_t place, std::size_t bytes) { return (place + bytes) % period; }

    /// At least longest_piece bytes can be read from there.
    [[nodiscard]] const char* at(std::size_t place) const { return bytes_.data() + place; }
    [[nodiscard]] bool matches(std::size_t place, const char* received, std::size_t size) const {
        return std::memcmp(at(place), received, size) == 0;
    }

private:
    std::vector<char> bytes_;
};

}  // namespace weft::bench
