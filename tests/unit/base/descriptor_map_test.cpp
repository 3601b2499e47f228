// What is kept for each descriptor number.
#include <gtest/gtest.h>

#include <climits>

#include "base/descriptor_map.hpp"

namespace weft::impl {
namespace {

struct Entry {
    int value = 7;
};

// Static, as all of them are: its places are larger than a stack may be.
constinit DescriptorMap<Entry> map;

class DescriptorMapTest : public ::testing::Test {
protected:
    DescriptorMapTest() { map.begin_anew(); }
};

int first_changed(int from) {
    return map.first_from(from, [](const Entry& entry) { return entry.value != 7; });
}

TEST_F(DescriptorMapTest, KnowsNothingOfWhatWasNeverMade) {
    EXPECT_EQ(map.find(5'000'000), nullptr);
    EXPECT_EQ(map.find(-1), nullptr);
    EXPECT_EQ(map.find(INT_MAX), nullptr);
}

TEST_F(DescriptorMapTest, MakesAnEntryOnce) {
    Entry* made = map.make(3);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(made->value, 7);
    EXPECT_EQ(map.make(3), made);
    EXPECT_EQ(map.find(3), made);
    EXPECT_NE(map.make(4), made);
}

TEST_F(DescriptorMapTest, HasNoRoomForWhatCanBeNoDescriptor) {
    EXPECT_EQ(map.make(-1), nullptr);
    EXPECT_EQ(map.make(most_descriptors), nullptr);
    EXPECT_NE(map.make(most_descriptors - 1), nullptr);
}

TEST_F(DescriptorMapTest, FindsTheFirstThatFitsAcrossGaps) {
    EXPECT_EQ(first_changed(0), -1);
    map.make(3)->value = 1;
    map.make(100'000)->value = 1;
    EXPECT_EQ(first_changed(-1), 3);
    EXPECT_EQ(first_changed(3), 3);
    EXPECT_EQ(first_changed(4), 100'000);
    EXPECT_EQ(first_changed(100'001), -1);
}

TEST_F(DescriptorMapTest, BeginsAnewWithEntriesWhereTheyWere) {
    Entry* made = map.make(3);
    made->value = 1;
    map.begin_anew();
    EXPECT_EQ(map.find(3), made);
    EXPECT_EQ(made->value, 7);
}

}  // namespace
}  // namespace weft::impl
