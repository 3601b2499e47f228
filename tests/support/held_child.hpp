// Children that live until their test lets them go.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include <weft/base/unique_fd.hpp>

#include "support/child.hpp"

namespace weft::test {

/// A pipe; its ends close when a program is started.
struct HoldPipe {
    UniqueFd read;
    UniqueFd write;

    HoldPipe() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        read = UniqueFd(ends[0]);
        write = UniqueFd(ends[1]);
    }
};

/// Ends with the status that end() gives. One that is left over is killed and collected.
class HeldChild {
public:
    explicit HeldChild(bool own_group = false) {
        pid_ = ::fork();
        if (pid_ == 0) {
            ::alarm(child_seconds);
            unsigned char status = 0;
            static_cast<void>(!::read(pipe_.read.get(), &status, 1));
            ::_exit(status);
        }
        if (own_group) {
            EXPECT_EQ(::setpgid(pid_, pid_), 0);
        }
    }
    HeldChild(HeldChild&& other) noexcept
        : pipe_(std::move(other.pipe_)), pid_(std::exchange(other.pid_, 0)) {}
    HeldChild& operator=(HeldChild&&) = delete;
    ~HeldChild() {
        if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void end(unsigned char status) const { EXPECT_EQ(::write(pipe_.write.get(), &status, 1), 1); }

private:
    HoldPipe pipe_;
    pid_t pid_ = 0;
};

}  // namespace weft::test
