// What is on, and what switches it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/pool/thread_pool.hpp>
#include <weft/shim/shim.hpp>
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/virtual_time.hpp>

#include "ends.hpp"

namespace weft::test {
namespace {

using shim::Group;

const std::vector<std::pair<Group, const char*>> groups{
    {Group::socket, "socket"},   {Group::poll, "poll"},   {Group::time, "time"},   {Group::dns, "dns"},
    {Group::process, "process"}, {Group::locks, "locks"}, {Group::stdio, "stdio"}, {Group::signal, "signal"},
    {Group::book, "book"},       {Group::file, "file"},   {Group::keys, "keys"}};

std::string what_is_on() {
    std::string all;
    for (const auto& [group, name] : groups) {
        all += shim::enabled(group) ? std::string(all.empty() ? "" : ",") + name : "";
    }
    return all;
}

constexpr const char* by_default = "socket,poll,time,dns,process,locks,stdio,signal,book";

class ShimControl : public ::testing::Test {
protected:
    ~ShimControl() override {
        shim::disable();
        shim::enable();
    }

private:
    testing::VirtualTime time_;
};

TEST_F(ShimControl, AllButFilesAndKeysIsOnByDefault) { EXPECT_EQ(what_is_on(), by_default); }

TEST_F(ShimControl, AGroupIsSwitchedOffAndOnAlone) {
    EXPECT_TRUE(testing::lets_others_run([] { ::usleep(1); }));
    shim::disable({Group::time});
    EXPECT_FALSE(shim::enabled(Group::time));
    EXPECT_FALSE(testing::lets_others_run([] { ::usleep(1); }));
    EXPECT_TRUE(read_parks());
    shim::disable({Group::socket});
    EXPECT_FALSE(read_parks());
    shim::enable({Group::time});
    EXPECT_TRUE(testing::lets_others_run([] { ::usleep(1); }));
    EXPECT_FALSE(read_parks());
    shim::enable();
    EXPECT_EQ(what_is_on(), by_default);
}

/// Whether a call is made by a thread of the pool, whose only one is busy until another fiber has run.
bool waits_for_the_pool(const std::function<void()>& call) {
    std::promise<void> others;
    const auto busy = blocking_pool().submit([&] { others.get_future().wait(); });
    bool others_ran = false;
    auto other = spawn([&] {
        others_ran = true;
        others.set_value();
    });
    call();
    const bool waited = others_ran;
    other.join();
    busy.wait();
    return waited;
}

TEST_F(ShimControl, RegularFilesLetOthersRunWhereTheirGroupIsOnAndOnlyThen) {
    char name[] = "/tmp/weft-control-XXXXXX";
    const int file = ::mkostemp(name, O_CLOEXEC);
    ASSERT_GE(file, 0);
    ::unlink(name);
    ASSERT_EQ(::write(file, "abc", 3), 3);
    char text[4] = "";
    const std::pair<const char*, std::function<void()>> calls[] = {
        {"fsync", [&] { EXPECT_EQ(::fsync(file), 0); }},
        {"pread", [&] { EXPECT_EQ(::pread(file, text, 3, 0), 3); }},
        {"read", [&] { EXPECT_EQ(::lseek(file, 0, SEEK_SET) + ::read(file, text, 3), 3); }},
    };
    const auto all_let_others_run = [&](bool expected) {
        for (const auto& [call, make] : calls) {
            EXPECT_EQ(waits_for_the_pool(make), expected) << call;
        }
    };
    const std::size_t threads = blocking_pool().max_threads();
    blocking_pool().resize(1);
    all_let_others_run(false);
    shim::enable({Group::file});
    all_let_others_run(true);
    EXPECT_STREQ(text, "abc");
    shim::disable({Group::file});
    all_let_others_run(false);
    blocking_pool().resize(threads);
    ::close(file);
}

TEST_F(ShimControl, WithoutArgumentsAllIsSwitchedOff) {
    shim::enable({Group::file, Group::keys});
    EXPECT_EQ(what_is_on(), std::string(by_default) + ",file,keys");
    shim::disable();
    EXPECT_EQ(what_is_on(), "");
    EXPECT_FALSE(read_parks());
}

TEST_F(ShimControl, ACallThatIsUnderWayGoesOnAsItBegan) {
    const Ends ends;
    auto reader = spawn([&] {
        char byte = 0;
        return ::read(ends[0], &byte, 1);
    });
    testing::wait_all_parked();
    shim::disable({Group::socket});
    ::write(ends[1], "x", 1);
    EXPECT_EQ(reader.get(), 1);
}

// CONFORMANCE 299
TEST_F(ShimControl, TheOriginalsAreThereUnderEachName) {
    EXPECT_TRUE(shim::wraps("splice"));  // a name that no sanitizer stands in front of
    EXPECT_TRUE(shim::wraps("__read"));
    EXPECT_TRUE(shim::wraps("__poll_chk"));
    EXPECT_FALSE(shim::wraps("strlen"));
    EXPECT_FALSE(shim::wraps("no_such_function"));
    EXPECT_EQ(shim::original("strlen"), nullptr);
    const auto libc_usleep = reinterpret_cast<int (*)(useconds_t)>(shim::original("usleep"));
    ASSERT_NE(libc_usleep, nullptr);
    EXPECT_NE(libc_usleep, &::usleep);
    EXPECT_FALSE(testing::lets_others_run([&] { libc_usleep(1); }));
    EXPECT_EQ(shim::original("__nanosleep"), shim::original("nanosleep"));
}

// --- the environment, in processes of their own ---

struct Ended {
    int status;
    std::string text;
};

/// This program once more, with WEFT_SHIM as given.
Ended run_self(const char* list, const char* filter) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("WEFT_SHIM", list, 1);
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        const std::string which = std::string("--gtest_filter=") + filter;
        ::execl("/proc/self/exe", "shim_linked", which.c_str(), "--gtest_also_run_disabled_tests", nullptr);
        ::_exit(99);
    }
    ::close(ends[1]);
    Ended end{};
    char part[4096];
    ssize_t size = 0;
    while ((size = ::read(ends[0], part, sizeof part)) > 0) {
        end.text.append(part, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    ::waitpid(child, &end.status, 0);
    return end;
}

TEST(ShimEnvironment, DISABLED_PrintsWhatIsOn) { std::printf("on: [%s]\n", what_is_on().c_str()); }

std::string on_with(const char* list) {
    const Ended end = run_self(list, "ShimEnvironment.DISABLED_PrintsWhatIsOn");
    const std::size_t begin = end.text.find("on: [");
    return begin == std::string::npos ? end.text
                                      : end.text.substr(begin + 5, end.text.find(']', begin) - begin - 5);
}

TEST(ShimEnvironment, AListSaysWhatIsOn) {
    const std::pair<const char*, const char*> lists[] = {
        {"", by_default},
        {"all", by_default},
        {"none", ""},
        {"socket,poll,time", "socket,poll,time"},
        {"all,-dns", "socket,poll,time,process,locks,stdio,signal,book"},
        {"-dns,-locks", "socket,poll,time,process,stdio,signal,book"},
        {"all,file,keys", "socket,poll,time,dns,process,locks,stdio,signal,book,file,keys"},
        {"all,-all,time", "time"},
        {"all,none,book", "book"},
    };
    for (const auto& [list, on] : lists) {
        EXPECT_EQ(on_with(list), on) << list;
    }
}

TEST(ShimEnvironment, AWordThatIsNoGroupIsNamedAndTheProgramDoesNotBegin) {
    for (const auto& [list, word] :
         {std::pair("all,sokcet", "'sokcet'"), std::pair("-x", "'x'"), std::pair("all,,time", "''"),
          std::pair("ALL", "'ALL'"), std::pair("all, time", "' time'")}) {
        const Ended end = run_self(list, "*PrintsWhatIsOn*");
        EXPECT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 2) << list;
        EXPECT_NE(end.text.find(std::string("WEFT_SHIM: ") + word), std::string::npos) << end.text;
        EXPECT_NE(end.text.find("socket, poll, time"), std::string::npos) << end.text;
        EXPECT_EQ(end.text.find("on: ["), std::string::npos);
    }
}

}  // namespace
}  // namespace weft::test
