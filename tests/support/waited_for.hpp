// What calls wait for without an end of a connection: locks of files, message queues, signals.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <mqueue.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>

#include <weft/base/unique_fd.hpp>
#include <weft/posix/posix.hpp>

namespace weft::test {

/// A file without a name.
inline UniqueFd new_file() {
    char name[] = "/tmp/weft-lock-XXXXXX";
    UniqueFd file(::mkstemp(name));
    ::unlink(name);
    EXPECT_TRUE(file);
    return file;
}

/// The same file, opened once more.
inline UniqueFd opened_again(const UniqueFd& file) {
    return UniqueFd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDWR | O_CLOEXEC));
}

/// A queue of two messages of eight bytes.
class Queue {
public:
    explicit Queue(int flags = 0) {
        mq_attr shape{};
        shape.mq_maxmsg = 2;
        shape.mq_msgsize = 8;
        const std::string name = "/weft-test-" + std::to_string(::getpid());
        number_ = ::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | flags, 0600, &shape);
        ::mq_unlink(name.c_str());
    }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue() { close(); }
    void close() {
        if (number_ >= 0) {
            EXPECT_EQ(posix::mq_close(std::exchange(number_, -1)), 0);
        }
    }
    operator mqd_t() const noexcept { return number_; }

private:
    mqd_t number_ = -1;
};

/// Signals that are held back for the length of a test.
class Blocked {
public:
    explicit Blocked(std::initializer_list<int> signals) {
        sigemptyset(&set_);
        for (const int signal : signals) {
            sigaddset(&set_, signal);
        }
        ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;
    ~Blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    [[nodiscard]] const sigset_t* set() const noexcept { return &set_; }

private:
    sigset_t set_{};
    sigset_t before_{};
};

}  // namespace weft::test
