// The bytes of the echo clients: whatever goes wrong with a stream must show as a difference.
#include "common/pattern.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weft::bench {
namespace {

TEST(Pattern, MatchesItselfAtEveryPlace) {
    const Pattern pattern;
    for (std::size_t place = 0; place < Pattern::period; ++place) {
        const std::string bytes(pattern.at(place), Pattern::longest_piece);
        EXPECT_TRUE(pattern.matches(place, bytes.data(), bytes.size()));
    }
}

TEST(Pattern, OneWrongByteIsADifference) {
    const Pattern pattern;
    std::string bytes(pattern.at(100), 64);
    bytes[40] = static_cast<char>(bytes[40] ^ 1);
    EXPECT_FALSE(pattern.matches(100, bytes.data(), bytes.size()));
}

TEST(Pattern, LostOrRepeatedMessagesAreADifference) {
    const Pattern pattern;
    for (const std::size_t size : {16U, 64U, 1024U, 4096U, 16384U}) {
        for (std::size_t messages = 1; messages < 100; ++messages) {
            const std::size_t later = Pattern::advance(7, size * messages);
            EXPECT_FALSE(pattern.matches(7, pattern.at(later), 16)) << size << " x " << messages;
        }
    }
}

TEST(Pattern, AThousandStreamsStartAtPlacesOfTheirOwn) {
    std::set<std::size_t> places;
    for (std::size_t stream = 0; stream < 1000; ++stream) {
        places.insert(Pattern::start_of(stream));
    }
    EXPECT_EQ(places.size(), 1000U);
}

TEST(Pattern, AdvancingByPiecesIsAdvancingAtOnce) {
    std::size_t place = Pattern::start_of(3);
    for (int i = 0; i < 1000; ++i) {
        place = Pattern::advance(place, 1460);
    }
    EXPECT_EQ(place, Pattern::advance(Pattern::start_of(3), 1'460'000));
}

}  // namespace
}  // namespace weft::bench
