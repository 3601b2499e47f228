// Two connected sockets, by libc's names.
#pragma once

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <utility>

#include <weft/core/fiber.hpp>

namespace weft::test {

class Ends {
public:
    explicit Ends(int type = SOCK_STREAM) {
        EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, numbers_), 0);
    }
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;
    ~Ends() {
        close(0);
        close(1);
    }
    int operator[](int which) const noexcept { return numbers_[which]; }
    void close(int which) {
        if (numbers_[which] >= 0) {
            ::close(std::exchange(numbers_[which], -1));
        }
    }

private:
    int numbers_[2] = {-1, -1};
};

/// Whether a read that has to wait is libc's or the shim's.
inline bool read_parks() {
    const Ends ends;
    bool others_ran = false;
    const auto other = weft::spawn([&] {
        others_ran = true;
        ::write(ends[1], "x", 1);
    });
    timeval limit{.tv_sec = 0, .tv_usec = 1000};
    ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 1 && others_ran;
}

}  // namespace weft::test
