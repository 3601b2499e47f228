// system, popen, pclose, posix_spawn: commands that run while other fibers do.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include <weft/core/run.hpp>
#include <weft/posix/posix.hpp>
#include <weft/testing/virtual_time.hpp>

#include "posix/libc.hpp"
#include "posix/port.hpp"
#include "support/held_child.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using testing::wait_all_parked;

WEFT_HUB_SUITE(PosixCommand);

/// A pipe whose reading end a command has, under its number.
class Gate {
public:
    Gate() { EXPECT_EQ(::fcntl(pipe_.read.get(), F_SETFD, 0), 0); }
    /// What waits for open().
    [[nodiscard]] std::string wait() const { return "read x <&" + std::to_string(pipe_.read.get()) + "; "; }
    void open() const { EXPECT_EQ(::write(pipe_.write.get(), "\n", 1), 1); }

private:
    HoldPipe pipe_;
};

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

TEST_P(PosixCommand, OfTheShellLetsOthersRun) {
    const Gate gate;
    auto command = spawn([&] { return posix::system((gate.wait() + "exit 3").c_str()); });
    wait_all_parked();
    EXPECT_FALSE(command.ready());
    EXPECT_EQ(posix::system("exit 2"), W_EXITCODE(2, 0));
    gate.open();
    EXPECT_EQ(command.get(), W_EXITCODE(3, 0));
    EXPECT_NE(posix::system(nullptr), 0);
}

sigset_t mask_of_system;
int noted_system(const char*) {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_of_system);
    return 0;
}

// The shell that Debian has clears it, but the program that is a shell elsewhere need not.
TEST_P(PosixCommand, HasTheSignalMaskOfItsCaller) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
    const auto libcs = std::exchange(impl::libc.system, &noted_system);
    EXPECT_EQ(posix::system("true"), 0);
    impl::libc.system = libcs;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        EXPECT_EQ(sigismember(&mask_of_system, signal), signal == SIGUSR1 ? 1 : 0) << signal;
    }
}

TEST_P(PosixCommand, GoesOnWithoutTheFiberThatHasBegunIt) {
    const Gate gate;
    HoldPipe answer;
    ::fcntl(answer.write.get(), F_SETFD, 0);
    const std::string out = ">&" + std::to_string(answer.write.get());
    const std::string command = "echo begun " + out + "; " + gate.wait() + "echo done " + out;
    int error = 0;
    auto caller = spawn([&] { error = posix::system(command.c_str()) < 0 ? errno : 0; });
    char text[8] = {};
    EXPECT_EQ(posix::read(answer.read.get(), text, 6), 6);
    EXPECT_STREQ(text, "begun\n");
    caller.cancel();
    caller.join();
    EXPECT_EQ(error, ECANCELED);
    gate.open();
    text[5] = '\0';
    EXPECT_EQ(posix::read(answer.read.get(), text, 5), 5);
    EXPECT_STREQ(text, "done\n");
}

TEST_P(PosixCommand, ByAPipeIsReadAndClosedWhileOthersRun) {
    const Gate first;
    const Gate second;
    const std::string text = first.wait() + "echo hello; exec >&-; " + second.wait() + "exit 5";
    FILE* stream = posix::popen(text.c_str(), "r");
    ASSERT_NE(stream, nullptr);
    char answer[16] = {};
    auto reader = spawn([&] { return posix::read(::fileno(stream), answer, sizeof answer); });
    wait_all_parked();
    EXPECT_FALSE(reader.ready());
    first.open();
    EXPECT_EQ(reader.get(), 6);
    EXPECT_STREQ(answer, "hello\n");
    auto closer = spawn([&] { return posix::pclose(stream); });
    wait_all_parked();
    EXPECT_FALSE(closer.ready());
    second.open();
    EXPECT_EQ(closer.get(), W_EXITCODE(5, 0));
}

TEST_P(PosixCommand, ClosingItsPipeWakesWhoReadsIt) {
    const Gate gate;
    FILE* stream = posix::popen((gate.wait() + "exit 0").c_str(), "r");
    ASSERT_NE(stream, nullptr);
    int error = 0;
    auto reader = spawn([&] {
        char byte = 0;
        error = posix::read(::fileno(stream), &byte, 1) < 0 ? errno : 0;
    });
    wait_all_parked();
    auto closer = spawn([&] { return posix::pclose(stream); });
    reader.join();
    EXPECT_EQ(error, EBADF);
    gate.open();
    EXPECT_EQ(closer.get(), 0);
}

// CONFORMANCE 229
TEST_P(PosixCommand, WhatCannotBeStartedSaysWhyAndLeavesNoChild) {
    char name[] = "/nowhere/weft";
    char* const arguments[] = {name, nullptr};
    EXPECT_EQ(posix::posix_spawn(nullptr, name, nullptr, nullptr, arguments, environ), ENOENT);
    EXPECT_EQ(posix::posix_spawnp(nullptr, name, nullptr, nullptr, arguments, environ), ENOENT);
    EXPECT_EQ(posix::wait(nullptr), -1);
    EXPECT_EQ(errno, ECHILD);
    char yes[] = "true";
    char* const can[] = {yes, nullptr};
    pid_t child = 0;
    EXPECT_EQ(posix::posix_spawnp(&child, yes, nullptr, nullptr, can, environ), 0);
    int status = -1;
    EXPECT_EQ(posix::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/// As pidfd_spawn() of newer libraries.
int spawn_with_pidfd(int* pidfd, const char* program, const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
    pid_t child = 0;
    const int error = ::posix_spawn(&child, program, actions, attributes, arguments, environment);
    if (error == 0) {
        *pidfd = impl::libc.pidfd_open(child, 0);
    }
    return error;
}

TEST_P(PosixCommand, TheDescriptorOfASpawnedChildIsWaitedFor) {
    const Gate gate;
    std::string command = gate.wait() + "exit 3";
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char* const arguments[] = {shell, option, command.data(), nullptr};
    int pidfd = -1;
    ASSERT_EQ(impl::spawn_pidfd(&spawn_with_pidfd, &pidfd, shell, nullptr, nullptr, arguments, environ), 0);
    int ready = -1;
    auto waiter = spawn([&] {
        pollfd entry{.fd = pidfd, .events = POLLIN, .revents = 0};
        ready = posix::poll(&entry, 1, -1);
    });
    wait_all_parked();
    EXPECT_EQ(ready, -1);
    gate.open();
    waiter.join();
    EXPECT_EQ(ready, 1);
    siginfo_t end{};
    EXPECT_EQ(posix::waitid(P_PIDFD, static_cast<id_t>(pidfd), &end, WEXITED), 0);
    EXPECT_EQ(end.si_status, 3);
    EXPECT_EQ(posix::close(pidfd), 0);
}

TEST_P(PosixCommand, ASpawnThatFailsOrIsNotThereMakesNoDescriptor) {
    char name[] = "/nowhere/weft";
    char* const arguments[] = {name, nullptr};
    int pidfd = -7;
    EXPECT_EQ(impl::spawn_pidfd(&spawn_with_pidfd, &pidfd, name, nullptr, nullptr, arguments, environ),
              ENOENT);
    EXPECT_EQ(impl::spawn_pidfd(nullptr, &pidfd, name, nullptr, nullptr, arguments, environ), ENOSYS);
    EXPECT_EQ(pidfd, -7);
}

// CONFORMANCE 230
TEST(PosixCommands, ManyOneAfterTheOtherLeaveNoDescriptorOpen) {
    run([] {
        std::size_t before = 0;
        for (int i = 0; i < 500; ++i) {
            FILE* stream = posix::popen("exit 0", i % 2 == 0 ? "r" : "w");
            ASSERT_NE(stream, nullptr);
            ASSERT_EQ(posix::pclose(stream), 0);
            before = i == 0 ? open_descriptors() : before;
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

}  // namespace
}  // namespace weft::test
