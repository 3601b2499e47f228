// fork() in a program with sockets, pools and other threads.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>
#include <weft/pool/thread_pool.hpp>

#include "context/sanitizer.hpp"
#include "support/child.hpp"
#include "support/host.hpp"
#include "support/hub_fixture.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(ForkWithSockets);

// The thread sanitizer refuses threads in the child of a program that had several.
#if WEFT_TSAN
#define SKIP_WITHOUT_THREADS_IN_CHILDREN() GTEST_SKIP() << "needs threads in the child"
#else
#define SKIP_WITHOUT_THREADS_IN_CHILDREN()
#endif

bool sends(net::StreamSocket& from, net::StreamSocket& to) {
    from.write_all("ping");
    std::string text(4, ' ');
    to.read_exact(text);
    return text == "ping";
}

bool sockets_work() {
    auto pair = tcp_pair();
    net::TcpStream& client = pair.first;
    net::TcpStream& server = pair.second;
    auto reader = spawn([&] {
        std::string text(4, ' ');
        server.read_exact(text);
        return text == "ping";
    });
    yield();  // the reader waits before anything comes
    client.write_all("ping");
    return reader.get() && sends(server, client);
}

/// What each epoll descriptor of this process watches, as the kernel has it.
std::vector<std::string> poll_sets() {
    std::vector<std::string> sets;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry, gone) == "anon_inode:[eventpoll]") {
            std::ifstream info("/proc/self/fdinfo/" + entry.path().filename().string());
            std::string text = entry.path().filename().string() + ":";
            for (std::string line; std::getline(info, line);) {
                text += line.starts_with("tfd:") ? " " + line : "";
            }
            sets.push_back(text);
        }
    }
    return sets;
}

/// Those that they have once the other hub sleeps: it puts its own descriptor into its set when it polls for the first time.
std::vector<std::string> settled_poll_sets() {
    std::vector<std::string> sets = poll_sets();
    for (int i = 0; i < 5000 && std::ranges::any_of(sets, [](const auto& set) { return set.ends_with(":"); });
         ++i) {
        std::this_thread::sleep_for(1ms);
        sets = poll_sets();
    }
    return sets;
}

// CONFORMANCE 221
TEST_P(ForkWithSockets, TheChildHasALoopOfItsOwnAndTheParentsPollSetIsUnaffected) {
    Host host;  // another hub with a poll set
    auto tcp = tcp_pair();
    net::TcpStream& one = tcp.first;
    net::TcpStream& other = tcp.second;
    auto local = net::UnixStream::pair();
    net::UnixStream& three = local.first;
    net::UnixStream& four = local.second;
    const auto receive = [](net::StreamSocket& from) {
        return spawn([&from] {
            std::string text(4, ' ');
            from.read_exact(text);
            return text;
        });
    };
    auto waiting = receive(other);
    auto beside = receive(four);
    sleep_for(1ms);
    const auto before = settled_poll_sets();
    auto forker = spawn([&] {
        return in_child([&] {
            CHECK_IN_CHILD(poll_sets().size() <= 1);  // that of its own hub
            CHECK_IN_CHILD(sends(one, other));        // inherited ones, which the parent watches
            CHECK_IN_CHILD(sends(other, one));
            other.close();
            one.close();
            three.close();
            four.close();
            return sockets_work();
        });
    });
    EXPECT_CHILD_PASSES(forker.get());
    EXPECT_EQ(poll_sets(), before);
    EXPECT_FALSE(waiting.ready());
    one.write_all("pong");
    three.write_all("gong");
    EXPECT_EQ(waiting.get(), "pong");
    EXPECT_EQ(beside.get(), "gong");
}

TEST_P(ForkWithSockets, AReadBeganByAFiberThatIsNotThereIsNobodysInTheChild) {
    auto pair = net::UnixStream::pair();
    net::UnixStream& one = pair.first;
    net::UnixStream& other = pair.second;
    int woken = 0;
    auto reader = spawn([&] {
        std::string text(1, ' ');
        other.read_exact(text);
        ++woken;
    });
    yield();
    EXPECT_CHILD_PASSES(in_child([&] {
        one.write_all("x");
        sleep_for(1ms);
        CHECK_IN_CHILD(woken == 0);
        std::string text(1, ' ');
        other.read_exact(text);
        return text == "x";
    }));
}

// CONFORMANCE 211
TEST_P(ForkWithSockets, NamesAreLookedUpInTheChild) {
    SKIP_WITHOUT_THREADS_IN_CHILDREN();
    static_cast<void>(net::resolve("localhost", "80"));  // the threads of this one are not there in the child
    auto fiber = spawn(
        [] { return in_child([] { return !net::resolve("localhost", "80").empty() && sockets_work(); }); });
    EXPECT_CHILD_PASSES(fiber.get());
    EXPECT_FALSE(net::resolve("localhost", "80").empty());
}

int run_in(ThreadPool& pool, int value) {
    return pool.run([value] { return value; });
}

// CONFORMANCE 224
TEST_P(ForkWithSockets, APoolThatHasBeenUsedWorksInTheChild) {
    SKIP_WITHOUT_THREADS_IN_CHILDREN();
    ThreadPool pool(2);
    std::atomic<bool> open = false;
    std::atomic<int> running = 0;
    std::vector<Fiber<>> busy;
    for (int i = 0; i < 5; ++i) {  // two run, three queue
        busy.push_back(spawn([&] {
            pool.run([&] {
                ++running;
                open.wait(false);
            });
        }));
    }
    while (running < 2) {
        yield();
    }
    EXPECT_CHILD_PASSES(in_child([&] {
        CHECK_IN_CHILD(pool.threads() == 0);
        CHECK_IN_CHILD(run_in(pool, 5) == 5);
        CHECK_IN_CHILD(run_in(pool, 6) == 6);
        return pool.threads() >= 1;
    }));
    open = true;
    open.notify_all();
    for (Fiber<>& fiber : busy) {
        fiber.join();
    }
}

// CONFORMANCE 223
TEST_P(ForkWithSockets, AForkInAThreadOfAPoolLeavesTheChildUsable) {
    SKIP_WITHOUT_THREADS_IN_CHILDREN();
    ThreadPool pool(2);
    EXPECT_CHILD_PASSES(
        pool.run([&pool] { return in_child([&pool] { return sockets_work() && run_in(pool, 5) == 5; }); }));
}

TEST_P(ForkWithSockets, AJobThatReturnsInTheChildEndsThat) {
    ThreadPool pool(1);
    const pid_t pid = pool.run([] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(child_seconds);
            ::on_exit([](int status, void*) { ::_exit(20 + status); }, nullptr);
        }
        return child;
    });
    EXPECT_EQ(await_child(pid), ChildEnd::exit(20));
}

TEST_P(ForkWithSockets, AForkInAThreadWithoutAHubLeavesTheChildUsable) {
    ChildEnd end;
    std::thread thread([&] { end = in_child(sockets_work); });
    thread.join();
    EXPECT_CHILD_PASSES(end);
}

TEST_P(ForkWithSockets, AForkInAFiberOfAnotherThreadLeavesTheChildUsable) {
    Host host;
    auto fiber = spawn(SpawnOptions{.hub = host.hub()}, [] { return in_child(sockets_work); });
    EXPECT_CHILD_PASSES(fiber.get());
}

TEST_P(ForkWithSockets, ADescriptorThatAnotherHubWatchedIsClosedAtOnceInTheChild) {
    Host host;
    auto pair = net::UnixStream::pair();
    net::UnixStream& one = pair.first;
    net::UnixStream& other = pair.second;
    auto reader = spawn(SpawnOptions{.hub = host.hub()}, [&] {
        std::string text(1, ' ');
        other.read_exact(text);
    });
    sleep_for(1ms);
    EXPECT_CHILD_PASSES(in_child([&] {
        const int number = other.native_handle();
        other.close();
        one.close();
        return ::fcntl(number, F_GETFD) == -1;
    }));
    one.write_all("x");
    reader.join();
}

/// Keeps every lock of the library busy in other threads.
class Traffic {
public:
    Traffic() {
        for (int i = 0; i < 2; ++i) {
            threads_.emplace_back([this] { run([this] { work(); }); });
        }
    }
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;
    ~Traffic() {
        stop_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

private:
    void work() {
        ThreadPool pool(2);
        Host host;
        while (!stop_) {
            run_in(pool, 1);
            auto pair = net::UnixStream::pair();
            net::UnixStream& one = pair.first;
            net::UnixStream& other = pair.second;
            spawn(SpawnOptions{.hub = host.hub()}, [&] { sends(one, other); }).join();
            sends(other, one);
            std::vector<Fiber<>> fibers;
            for (int i = 0; i < 50; ++i) {
                fibers.push_back(
                    spawn(SpawnOptions{.stack_size = std::size_t{16384} << (i % 6)}, [] { yield(); }));
            }
        }
    }

    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

TEST_P(ForkWithSockets, WhateverOtherThreadsAreDoingTheChildIsUsable) {
#if WEFT_ASAN
    GTEST_SKIP() << "the address sanitizer's allocator stays locked in a child if another thread was in it";
#endif
    SKIP_WITHOUT_THREADS_IN_CHILDREN();
    const Traffic traffic;
    for (int i = 0; i < 50; ++i) {
        auto fiber = spawn([] {
            return in_child([] {
                ThreadPool pool(1);
                return sockets_work() && run_in(pool, 5) == 5;
            });
        });
        ASSERT_EQ(fiber.get(), ChildEnd::exit(0)) << "fork " << i;
    }
}

}  // namespace
}  // namespace weft::test
