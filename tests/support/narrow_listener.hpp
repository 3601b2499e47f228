// A listener that connections wait for.
#pragma once

#include <gtest/gtest.h>

#include <sys/un.h>

#include "support/fds.hpp"

namespace weft::test {

/// A listener with an abstract name, whose backlog holds one connection.
struct NarrowListener {
    explicit NarrowListener(int type) : fd(posix::socket(AF_UNIX, type, 0)) {
        address.sun_family = AF_UNIX;
        EXPECT_EQ(::bind(fd, name(), sizeof(sa_family_t)), 0);  // the kernel chooses
        length = sizeof address;
        EXPECT_EQ(::getsockname(fd, name(), &length), 0);
        EXPECT_EQ(::listen(fd, 0), 0);
    }
    sockaddr* name() noexcept { return reinterpret_cast<sockaddr*>(&address); }

    Fd fd;
    sockaddr_un address{};
    socklen_t length = 0;
};

}  // namespace weft::test
