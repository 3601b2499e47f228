// When calls that need not wait let other fibers run.
#include <gtest/gtest.h>
#include <weft/base/unique_fd.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>
#include <weft/posix/socket.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace weft::test {
namespace {

constexpr int many = 100;

struct Pair {
    explicit Pair(int flags) {
        std::array<int, 2> fds{};
        EXPECT_EQ(posix::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, fds.data()), 0);
        here = UniqueFd(fds[0]);
        there = UniqueFd(fds[1]);
    }
    UniqueFd here;
    UniqueFd there;
};

/// How often another fiber gets to run while this one exchanges many messages with itself.
int turns_of_others(int flags) {
    return run([&] {
        Pair pair(flags);
        int turns = 0;
        const auto other = spawn([&] {
            for (;; ++turns) yield();
        });
        yield();
        const int before = turns;
        char byte = 'x';
        for (int i = 0; i < many; ++i) {
            EXPECT_EQ(posix::send(pair.here.get(), &byte, 1, 0), 1);
            EXPECT_EQ(posix::recv(pair.there.get(), &byte, 1, 0), 1);
        }
        return turns - before;
    });
}

TEST(Turns, OthersGetTheirsWhileCallsThatMayBlockNeedNot) { EXPECT_GT(turns_of_others(0), many / 50); }

TEST(Turns, NobodyComesInBetweenCallsThatCannotBlock) { EXPECT_EQ(turns_of_others(SOCK_NONBLOCK), 0); }

TEST(Turns, WhoTriesForEverWithoutBlockingLetsOthersBringIt) {
    run([] {
        Pair pair(SOCK_NONBLOCK);
        char byte = 0;
        const auto other = spawn([&] { EXPECT_EQ(posix::send(pair.here.get(), "x", 1, 0), 1); });
        while (posix::recv(pair.there.get(), &byte, 1, 0) != 1) ASSERT_EQ(errno, EAGAIN);
        EXPECT_EQ(byte, 'x');
    });
}

}  // namespace
}  // namespace weft::test
