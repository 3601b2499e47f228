// Suites that hold for every poller: each test runs once on virtual time and once on libev.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <ostream>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/hub.hpp"

namespace weft::test {

enum class Clock { virtual_time, libev };

inline void PrintTo(Clock clock, std::ostream* out) {
    *out << (clock == Clock::libev ? "OnLibev" : "OnVirtualTime");
}

/// Gives the test's thread a hub whose main fiber is the test, and ends it afterwards with all that the test
/// has left.
class HubTest : public ::testing::TestWithParam<Clock> {
protected:
    HubTest() {
        if (GetParam() == Clock::virtual_time) {
            virtual_time_.emplace();
        } else {
            impl::Hub::ensure();
        }
    }
    ~HubTest() override {
        if (virtual_time_) {
            virtual_time_.reset();
        } else {
            EXPECT_TRUE(impl::Hub::end_current(std::chrono::seconds(5)));
        }
    }

    bool on_virtual_time() const { return virtual_time_.has_value(); }
    testing::VirtualTime& virtual_time() { return *virtual_time_; }

private:
    std::optional<testing::VirtualTime> virtual_time_;
};

}  // namespace weft::test

/// Declares a suite whose tests, TEST_P(Suite, Property), run on both pollers.
#define WEFT_HUB_SUITE(Suite)                                                                      \
    class Suite : public ::weft::test::HubTest {};                                                 \
    INSTANTIATE_TEST_SUITE_P(                                                                      \
        , Suite, ::testing::Values(::weft::test::Clock::virtual_time, ::weft::test::Clock::libev), \
        ::testing::PrintToStringParamName())
