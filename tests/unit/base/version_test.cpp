// The version that a program sees at compile time is the one of the library that it runs with.
#include <string>

#include <gtest/gtest.h>

#include <weft/version.hpp>

TEST(Version, OfTheHeaderIsTheOneOfTheLibrary) {
    const std::string header = std::to_string(weft::version_major) + "." +
                               std::to_string(weft::version_minor) + "." +
                               std::to_string(weft::version_patch);
    EXPECT_EQ(header, weft::version());
}
