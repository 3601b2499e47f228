// The owner of a descriptor closes it once, and only it.
#include "base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "support/sys_override.hpp"

namespace weft::impl {
namespace {

std::vector<int> closed;

int record_close(int fd) {
    closed.push_back(fd);
    errno = EINTR;
    return -1;
}

class UniqueFdTest : public testing::Test {
protected:
    void SetUp() override { closed.clear(); }

    SysOverride<decltype(Sys::close)> record_{&Sys::close, record_close};
};

TEST_F(UniqueFdTest, ClosesOnceAtTheEndEvenIfInterruptedAndKeepsErrno) {
    errno = ENOENT;
    { const UniqueFd fd(5); }
    EXPECT_EQ(closed, std::vector<int>{5}) << "after EINTR the number may already be another thread's";
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(UniqueFdTest, AnEmptyOneClosesNothing) {
    { const UniqueFd fd; }
    EXPECT_TRUE(closed.empty());
    EXPECT_FALSE(UniqueFd());
    EXPECT_TRUE(UniqueFd(0)) << "zero is a descriptor";
    closed.clear();
}

TEST_F(UniqueFdTest, MovingPassesTheDutyOn) {
    UniqueFd first(5);
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
    UniqueFd third(6);
    third = std::move(second);
    EXPECT_EQ(closed, std::vector<int>{6});
    EXPECT_EQ(third.get(), 5);
    EXPECT_EQ(third.release(), 5);
    third.reset();
    EXPECT_EQ(closed, std::vector<int>{6}) << "a released one is somebody else's";
}

TEST_F(UniqueFdTest, MovingToItselfKeepsIt) {
    UniqueFd fd(5);
    UniqueFd& same = fd;
    fd = std::move(same);
    EXPECT_EQ(fd.get(), 5);
    EXPECT_TRUE(closed.empty());
}

}  // namespace
}  // namespace weft::impl
