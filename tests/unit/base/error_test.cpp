// What errors say, and that a fatal one is heard.
#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <type_traits>

#include "base/assert.hpp"
#include "base/sys.hpp"
#include "support/sys_override.hpp"

namespace weft {
namespace {

TEST(Error, AnErrnoIsThrownWithItsOperationAndDescriptor) {
    try {
        impl::throw_errno(ECONNRESET, "recv", 7);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_reset);
        EXPECT_STREQ(error.what(), "recv on descriptor 7: Connection reset by peer");
    }
    EXPECT_THROW(impl::throw_errno(EACCES, "bind to 127.0.0.1:80"), std::system_error);
}

TEST(Error, ATimeoutIsASystemErrorThatNamesTheOperation) {
    const TimeoutError error("recv on descriptor 5");
    const std::system_error& base = error;
    EXPECT_EQ(base.code(), std::errc::timed_out);
    EXPECT_THAT(base.what(), testing::HasSubstr("recv on descriptor 5"));
}

TEST(Error, AnEndOfStreamIsASystemErrorWithACodeOfOurs) {
    const EndOfStream error("read_exact on descriptor 5");
    const std::system_error& base = error;
    EXPECT_EQ(base.code(), Errc::end_of_stream);
    EXPECT_STREQ(base.code().category().name(), "weft");
    EXPECT_STREQ(base.what(), "read_exact on descriptor 5: end of stream");
}

TEST(Error, CancellationAndKillPassHandlersOfErrors) {
    static_assert(!std::is_base_of_v<std::exception, Cancelled>);
    static_assert(!std::is_base_of_v<std::exception, FiberExit>);
    EXPECT_STREQ(Cancelled("shutting down").what(), "shutting down");
    EXPECT_STREQ(Cancelled().what(), "cancelled");
    EXPECT_STREQ(FiberExit().what(), "fiber killed");
}

TEST(Error, ADeadlockCarriesItsDump) {
    EXPECT_STREQ(Deadlock("who waits for what").what(), "who waits for what");
}

void print_dump() noexcept { impl::write_stderr("the fibers\n"); }
void dump_that_fails() noexcept { impl::fatal("the dump is broken too"); }

class Fatal : public testing::Test {
protected:
    void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(Fatal, PrintsItsMessageThenTheDumpAndAborts) {
    const auto die = [] {
        impl::fatal_dump_hook = print_dump;
        impl::fatal("fiber %d joined itself", 3);
    };
    EXPECT_EXIT(die(), testing::KilledBySignal(SIGABRT), "weft: fiber 3 joined itself\nthe fibers\n");
}

TEST_F(Fatal, EndsEvenWhereTheDumpIsBroken) {
    const auto die = [] {
        impl::fatal_dump_hook = dump_that_fails;
        impl::fatal("first");
    };
    EXPECT_EXIT(die(), testing::KilledBySignal(SIGABRT), "weft: first\nweft: the dump is broken too\n");
}

TEST_F(Fatal, AChecksFailureIsFatalAndItsSuccessSilent) {
    WEFT_CHECK(1 + 1 == 2, "arithmetic is broken");
    EXPECT_DEATH(WEFT_CHECK(1 + 1 == 3, "sum is %d", 2), "weft: sum is 2\n");
}

TEST(Warn, TruncatesALongMessageAndEndsItsLine) {
    testing::internal::CaptureStderr();
    impl::warn("%s", std::string(5000, 'x').c_str());
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_LE(text.size(), 1024u);
    EXPECT_THAT(text, testing::StartsWith("weft: xxx"));
    EXPECT_EQ(text.back(), '\n');
}

std::string written;

/// One byte at a time, with an interruption before each.
ssize_t reluctant_write(int, const void* data, std::size_t) {
    static bool interrupt = false;
    interrupt = !interrupt;
    if (interrupt) {
        errno = EINTR;
        return -1;
    }
    written += *static_cast<const char*>(data);
    return 1;
}

TEST(Warn, SurvivesShortWritesAndInterruptionsAndKeepsErrno) {
    const impl::SysOverride fault(&impl::Sys::write, reluctant_write);
    errno = ENOENT;
    impl::warn("whole");
    EXPECT_EQ(errno, ENOENT);
    EXPECT_EQ(written, "weft: whole\n");
}

ssize_t closed_stderr(int, const void*, std::size_t) {
    errno = EBADF;
    return -1;
}

TEST(Warn, GivesUpWhereNobodyListens) {
    const impl::SysOverride fault(&impl::Sys::write, closed_stderr);
    impl::warn("to nobody");
}

}  // namespace
}  // namespace weft
