// libc's locks of all kinds, and its times.
#pragma once

#include <gtest/gtest.h>

#include <pthread.h>
#include <time.h>

#include <chrono>

#include <weft/time/deadline.hpp>

namespace weft::test {

struct TypedMutex {
    explicit TypedMutex(int type) {
        make([type](auto& attributes) { ASSERT_EQ(pthread_mutexattr_settype(&attributes, type), 0); });
    }
    template <class Set>
    requires std::invocable<Set&, pthread_mutexattr_t&>
    explicit TypedMutex(Set set) { make(set); }
    TypedMutex(const TypedMutex&) = delete;
    TypedMutex& operator=(const TypedMutex&) = delete;
    ~TypedMutex() { pthread_mutex_destroy(&mutex); }

    pthread_mutex_t mutex{};

private:
    template <class Set>
    void make(Set set) {
        pthread_mutexattr_t attributes{};
        ASSERT_EQ(pthread_mutexattr_init(&attributes), 0);
        set(attributes);
        ASSERT_EQ(pthread_mutex_init(&mutex, &attributes), 0);
        pthread_mutexattr_destroy(&attributes);
    }
};

inline timespec time_of(Duration since_begin) {
    return {
        .tv_sec = since_begin / std::chrono::seconds(1),
        .tv_nsec = static_cast<long>(since_begin % std::chrono::seconds(1) / std::chrono::nanoseconds(1))};
}

/// On CLOCK_MONOTONIC.
inline timespec steady_time(TimePoint time) { return time_of(time.time_since_epoch()); }

/// On CLOCK_REALTIME, so long from now.
inline timespec real_time(Duration from_now) {
    return time_of(std::chrono::system_clock::now().time_since_epoch() + from_now);
}

inline bool is_over(clockid_t clock, const timespec& time) {
    timespec now{};
    clock_gettime(clock, &now);
    return now.tv_sec > time.tv_sec || (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec);
}

}  // namespace weft::test
