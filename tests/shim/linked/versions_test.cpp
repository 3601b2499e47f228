// Programs that were linked long ago ask for older versions of libc's functions: those are the shim's, too.
#include <gtest/gtest.h>

#if defined(__x86_64__)

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include <weft/core/run.hpp>

// Before glibc 2.34 these were in a library of their own.
__asm__(".symver old_pthread_join, pthread_join@GLIBC_2.2.5");
__asm__(".symver old_pthread_timedjoin_np, pthread_timedjoin_np@GLIBC_2.3.3");
__asm__(".symver old_pthread_rwlock_wrlock, pthread_rwlock_wrlock@GLIBC_2.2.5");
__asm__(".symver old_sem_wait, sem_wait@GLIBC_2.2.5");
__asm__(".symver old_sem_timedwait, sem_timedwait@GLIBC_2.2.5");
extern "C" {
int old_pthread_join(pthread_t, void**);
int old_pthread_timedjoin_np(pthread_t, void**, const timespec*);
int old_pthread_rwlock_wrlock(pthread_rwlock_t*);
int old_sem_wait(sem_t*);
int old_sem_timedwait(sem_t*, const timespec*);
}

namespace weft::test {
namespace {

/// So that a wait which stops the hub, and with it what it waits for, has an end.
timespec much_later() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += 20;
    return time;
}

/// A thread that ends when it is told to.
class TestThread {
public:
    TestThread() {
        EXPECT_EQ(::pipe(ends_), 0);
        EXPECT_EQ(::pthread_create(&thread_, nullptr, &TestThread::wait, this), 0);
    }
    TestThread(const TestThread&) = delete;
    TestThread& operator=(const TestThread&) = delete;
    ~TestThread() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void end() { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
    [[nodiscard]] pthread_t id() const noexcept { return thread_; }

private:
    static void* wait(void* of) {
        pollfd entry{.fd = static_cast<TestThread*>(of)->ends_[0], .events = POLLIN, .revents = 0};
        ::poll(&entry, 1, 20'000);
        return of;
    }
    int ends_[2] = {-1, -1};
    pthread_t thread_ = 0;
};

TEST(ShimVersions, AThreadIsJoinedByAnOlderNameWhileOthersRun) {
    for (const bool timed : {false, true}) {
        TestThread thread;
        bool others_ran = false;
        const auto other = spawn([&] {
            others_ran = true;
            thread.end();
        });
        const timespec limit = much_later();
        void* result = nullptr;
        EXPECT_EQ(timed ? old_pthread_timedjoin_np(thread.id(), &result, &limit)
                        : old_pthread_join(thread.id(), &result),
                  0);
        EXPECT_EQ(result, &thread);
        EXPECT_TRUE(others_ran);
    }
}

TEST(ShimVersions, ASemaphoreIsWaitedForByAnOlderNameWhileOthersRun) {
    sem_t semaphore;
    ASSERT_EQ(::sem_init(&semaphore, 0, 0), 0);
    const timespec limit = much_later();
    const auto first = spawn([&] { ::sem_post(&semaphore); });
    ASSERT_EQ(old_sem_timedwait(&semaphore, &limit), 0);
    const auto second = spawn([&] { ::sem_post(&semaphore); });
    EXPECT_EQ(old_sem_wait(&semaphore), 0);
    ::sem_destroy(&semaphore);
}

TEST(ShimVersions, AReadWriteLockParksUnderAnOlderName) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    ASSERT_EQ(::pthread_rwlock_rdlock(&lock), 0);
    auto writer = spawn([&] {
        EXPECT_EQ(old_pthread_rwlock_wrlock(&lock), 0);
        EXPECT_EQ(::pthread_rwlock_unlock(&lock), 0);
    });
    yield();
    EXPECT_FALSE(writer.ready());
    EXPECT_EQ(::pthread_rwlock_unlock(&lock), 0);
    writer.join();
}

}  // namespace
}  // namespace weft::test

#endif
