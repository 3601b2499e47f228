// A caller's bug ends the program with a message, and with the fibers in it.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

namespace weft {
namespace {

TEST(CallersBug, EndsTheProgramWithAMessageAndADumpOfTheFibers) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto misuse = [] {
        run([] {
            auto sleeper = spawn({.name = "sleeper"}, [] { sleep_for(std::chrono::hours(1)); });
            yield();
            static_cast<void>(sleeper.exception());
        });
    };
    EXPECT_EXIT(misuse(), ::testing::KilledBySignal(SIGABRT),
                "weft: exception\\(\\) of fiber [0-9]+ \"sleeper\"(.|\n)*the fibers of this thread(.|\n)*"
                "\"sleeper\": waits: sleep");
}

}  // namespace
}  // namespace weft
