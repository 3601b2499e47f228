// Environment variables: what is accepted, and what the error says where it is not.
#include "base/env.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

namespace weft::impl {
namespace {

class Env : public testing::Test {
protected:
    void TearDown() override { ::unsetenv(name); }

    static void set(const char* value) { ::setenv(name, value, 1); }

    /// The message of the error that `read` throws.
    template <class Read>
    static std::string error_of(Read read) {
        try {
            read();
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "no error";
    }

    static constexpr const char* name = "WEFT_TEST_SETTING";
};

TEST_F(Env, UnsetAndEmptyAreAbsent) {
    EXPECT_EQ(env::flag(name), std::nullopt);
    set("");
    EXPECT_EQ(env::text(name), std::nullopt);
    EXPECT_EQ(env::flag(name), std::nullopt);
    EXPECT_EQ(env::number(name, 0, 9), std::nullopt);
    EXPECT_EQ(env::bytes(name, 0, 9), std::nullopt);
    EXPECT_EQ(env::choice(name, {"a"}), std::nullopt);
}

TEST_F(Env, FlagsHaveEightSpellings) {
    for (const char* yes : {"1", "true", "yes", "on"}) {
        set(yes);
        EXPECT_EQ(env::flag(name), true) << yes;
    }
    for (const char* no : {"0", "false", "no", "off"}) {
        set(no);
        EXPECT_EQ(env::flag(name), false) << no;
    }
}

TEST_F(Env, ABadFlagIsNamedWithItsValueAndTheValidOnes) {
    set("maybe");
    EXPECT_EQ(error_of([] { env::flag(name); }),
              "WEFT_TEST_SETTING=maybe: expected one of 0, 1, false, true, no, yes, off, on");
}

TEST_F(Env, NumbersAreTakenWithinTheirBounds) {
    set("-3");
    EXPECT_EQ(env::number(name, -3, 5), -3);
    set("5");
    EXPECT_EQ(env::number(name, -3, 5), 5);
}

TEST_F(Env, NumbersOutOfBoundsOrWithOtherCharactersAreRefused) {
    for (const char* bad : {"6", "-4", "4x", "x", " 4", "99999999999999999999", "+1", "1.5"}) {
        set(bad);
        EXPECT_EQ(error_of([] { env::number(name, -3, 5); }),
                  std::string("WEFT_TEST_SETTING=") + bad + ": expected a number from -3 to 5");
    }
}

TEST_F(Env, BytesTakeSuffixes) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    set("65536");
    EXPECT_EQ(env::bytes(name, 0, most), 65536u);
    set("256K");
    EXPECT_EQ(env::bytes(name, 0, most), 256u << 10);
    set("1m");
    EXPECT_EQ(env::bytes(name, 0, most), 1u << 20);
    set("2G");
    EXPECT_EQ(env::bytes(name, 0, most), std::size_t{2} << 30);
}

TEST_F(Env, BytesRefuseWhatIsOutOfBoundsOrWouldOverflow) {
    for (const char* bad : {"15K", "2G", "-1", "1T", "1KB", "K", "18446744073709551615G"}) {
        set(bad);
        EXPECT_THAT(error_of([] { env::bytes(name, 16 << 10, 1 << 30); }),
                    testing::StartsWith(std::string("WEFT_TEST_SETTING=") + bad +
                                        ": expected a number of bytes from 16384 to 1073741824"));
    }
}

TEST_F(Env, ChoicesAreFoundByPosition) {
    set("second");
    EXPECT_EQ(env::choice(name, {"first", "second"}), 1u);
    set("third");
    EXPECT_EQ(error_of([] {
                  env::choice(name, {"first", "second"});
              }),
              "WEFT_TEST_SETTING=third: expected one of first, second");
}

}  // namespace
}  // namespace weft::impl
