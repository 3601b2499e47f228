// Before main, after exit, and in processes that fibers make.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include <weft/core/run.hpp>
#include <weft/shim/shim.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "ends.hpp"

namespace weft::test {
namespace {

/// What calls said in a constructor, before any hub.
struct Early {
    Early() noexcept {
        ::pipe(pipe);
        wrote = ::write(pipe[1], "early", 5);
        char text[8] = {};
        read_back.assign(text, static_cast<std::size_t>(::read(pipe[0], text, sizeof text)));
        pollfd entry{.fd = pipe[0], .events = POLLIN, .revents = 0};
        polled = ::poll(&entry, 1, 0);
        slept = ::usleep(1);
        bad_read = ::read(-1, text, 1) == -1 ? errno : 0;
        bad_connect = ::connect(pipe[0], nullptr, 0) == -1 ? errno : 0;
        closed = ::close(pipe[1]);
        closed_twice = ::close(pipe[1]) == -1 ? errno : 0;
    }
    int pipe[2] = {-1, -1};
    ssize_t wrote = -1;
    std::string read_back;
    int polled = -1;
    int slept = -1;
    int bad_read = 0;
    int bad_connect = 0;
    int closed = -1;
    int closed_twice = 0;
};

const Early early [[gnu::init_priority(200)]];

TEST(ShimEarly, ConstructorsBeforeAnyHubHaveLibcsCalls) {
    EXPECT_EQ(early.wrote, 5);
    EXPECT_EQ(early.read_back, "early");
    EXPECT_EQ(early.polled, 0);
    EXPECT_EQ(early.slept, 0);
    EXPECT_EQ(early.bad_read, EBADF);
    EXPECT_EQ(early.bad_connect, ENOTSOCK);
    EXPECT_EQ(early.closed, 0);
    EXPECT_EQ(early.closed_twice, EBADF);
}

TEST(ShimEarly, WhatAConstructorHasMadeIsWaitedForByFibers) {
    testing::VirtualTime time;
    auto reader = spawn([] {
        char byte = 0;
        return ::read(early.pipe[0], &byte, 1);
    });
    EXPECT_EQ(reader.get(), 0);  // the other end is closed
}

int status_of(pid_t child) {
    int status = -1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void exit_handler() {
    const Ends ends;
    char byte = 0;
    pollfd entry{.fd = ends[0], .events = POLLIN, .revents = 0};
    const bool fine = ::usleep(1) == 0 && ::poll(&entry, 1, 1) == 0 && ::write(ends[1], "x", 1) == 1 &&
                      ::read(ends[0], &byte, 1) == 1 && ::read(-1, &byte, 1) == -1 && errno == EBADF;
    ::_exit(fine ? 21 : 22);
}

enum class From { main, fiber, thread };

int leave(From from) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        std::atexit(&exit_handler);
        switch (from) {
            case From::main:
                std::exit(0);
            case From::fiber:
                run([] { spawn([] { std::exit(0); }).join(); });
                break;
            case From::thread:
                std::thread([] { std::exit(0); }).join();
                break;
        }
        ::_exit(23);
    }
    return status_of(child);
}

TEST(ShimLate, HandlersOfExitMayCallWhatTheyLikeWhoeverExits) {
    EXPECT_EQ(leave(From::main), 21);
    EXPECT_EQ(leave(From::fiber), 21);
    EXPECT_EQ(leave(From::thread), 21);
}

class ShimProcesses : public ::testing::Test {
    testing::VirtualTime time_;
};

/// The child of a vfork() that puts its descriptors in order and becomes another program.
pid_t start_shell(const Ends& waited, const char* command) {
    const pid_t child = ::vfork();
    if (child == 0) {
        ::close(waited[0]);
        ::dup2(waited[1], waited[0]);
        ::close(waited[1]);
        const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(null, 1);
        ::execl("/bin/sh", "sh", "-c", command, nullptr);
        ::_exit(99);
    }
    return child;
}

TEST_F(ShimProcesses, AVforkedChildThatClosesIsNothingToTheParentsWaits) {
    const Ends ends;
    auto reader = spawn([&] {
        char byte = 0;
        return ::read(ends[0], &byte, 1);
    });
    testing::wait_all_parked();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(status_of(start_shell(ends, "exit 7")), 7);
    }
    testing::wait_all_parked();
    EXPECT_FALSE(reader.ready());
    EXPECT_TRUE(testing::lets_others_run([] { ::usleep(1); })) << "the parent's calls park as before";
    EXPECT_TRUE(read_parks());
    ::write(ends[1], "x", 1);
    EXPECT_EQ(reader.get(), 1);
}

TEST_F(ShimProcesses, AVforkedChildThatCannotExecTellsAndTheParentGoesOn) {
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execl("/no/such/program", "none", nullptr);
        ::_exit(errno == ENOENT ? 31 : 32);
    }
    EXPECT_EQ(status_of(child), 31);
    EXPECT_TRUE(read_parks());
}

// CONFORMANCE 304
TEST_F(ShimProcesses, AForkedChildHasTheShimAndItsExecHasItTooIfItIsPreloaded) {
    const Ends ends;
    auto reader = spawn([&] {
        char byte = 0;
        return ::read(ends[0], &byte, 1);
    });
    testing::wait_all_parked();
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        ::close(ends[0]);
        const bool fine = read_parks() && testing::lets_others_run([] { ::usleep(1); });
        ::_exit(fine ? 0 : 1);
    }
    EXPECT_EQ(status_of(child), 0);
    EXPECT_FALSE(reader.ready());
    ::write(ends[1], "x", 1);
    EXPECT_EQ(reader.get(), 1);
    const char* preload = std::getenv("LD_PRELOAD");
    const std::string expected = preload != nullptr ? preload : "";
    ::setenv("WEFT_EXPECTED", expected.c_str(), 1);
    EXPECT_EQ(std::system("test \"$LD_PRELOAD\" = \"$WEFT_EXPECTED\""), 0);
}

// Only newer libraries have it; its name is there with all.
TEST_F(ShimProcesses, ASpawnThatGivesADescriptorWaitsForNothingOrSaysThatThereIsNone) {
    using Spawn = int(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                      char* const*, char* const*);
    void* const libc = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    ASSERT_NE(libc, nullptr);
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char command[] = "exit 3";
    char* const arguments[] = {shell, option, command, nullptr};
    for (const char* name : {"pidfd_spawn", "pidfd_spawnp"}) {
        auto* const call = reinterpret_cast<Spawn*>(::dlsym(RTLD_DEFAULT, name));
        ASSERT_NE(call, nullptr);
        int pidfd = -1;
        if (::dlsym(libc, name) == nullptr) {
            EXPECT_EQ(call(&pidfd, shell, nullptr, nullptr, arguments, environ), ENOSYS);
            continue;
        }
        ASSERT_EQ(call(&pidfd, shell, nullptr, nullptr, arguments, environ), 0);
        siginfo_t end{};
        EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(pidfd), &end, WEXITED), 0);
        EXPECT_EQ(end.si_status, 3);
        ::close(pidfd);
    }
}

}  // namespace
}  // namespace weft::test
