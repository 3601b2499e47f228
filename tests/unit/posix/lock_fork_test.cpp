// Locks and forks: in the child nobody waits any more, and the calling fiber holds what it held.
#include <gtest/gtest.h>
#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/posix/lock.hpp>
#include <weft/testing/virtual_time.hpp>

#include <pthread.h>

#include <cerrno>

#include "posix/lot.hpp"
#include "support/child.hpp"

namespace weft {
namespace {

TEST(PosixLockForkTest, NobodyWaitsInTheChild) {
    run([] {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        ASSERT_EQ(posix::pthread_mutex_lock(&mutex), 0);
        auto waiter = spawn([&] {
            EXPECT_EQ(posix::pthread_mutex_lock(&mutex), 0);
            EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
        });
        testing::wait_all_parked();
        EXPECT_TRUE(impl::lot_waited(&mutex));
        const test::ChildEnd end = test::in_child([&] {
            return !impl::lot_waited(&mutex) && posix::pthread_mutex_trylock(&mutex) == EBUSY &&
                   posix::pthread_mutex_unlock(&mutex) == 0 && posix::pthread_mutex_lock(&mutex) == 0 &&
                   posix::pthread_mutex_unlock(&mutex) == 0;
        });
        EXPECT_EQ(end, test::ChildEnd::exit(0));
        EXPECT_EQ(posix::pthread_mutex_unlock(&mutex), 0);
        waiter.get();
    });
}

}  // namespace
}  // namespace weft
