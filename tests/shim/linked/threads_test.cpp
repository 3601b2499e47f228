// Threads without a hub: every call is libc's.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string.h>
#include <atomic>

#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/testing/virtual_time.hpp>

#include "ends.hpp"

namespace weft::test {
namespace {

/// Waits until the thread with this id sleeps in the kernel.
void await_asleep(pid_t thread) {
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    for (;;) {
        char text[256] = {};
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const ssize_t size = ::read(fd, text, sizeof text - 1);
        ::close(fd);
        const char* state = size > 0 ? ::strrchr(text, ')') : nullptr;
        if (state == nullptr || state[2] == 'S') {
            return;
        }
        ::sched_yield();
    }
}

class PlainThread {
public:
    explicit PlainThread(std::function<void()> body) : body_(std::move(body)) {
        ::pthread_create(&thread_, nullptr, &PlainThread::enter, this);
        id_.wait(0);
    }
    PlainThread(const PlainThread&) = delete;
    PlainThread& operator=(const PlainThread&) = delete;
    ~PlainThread() { join(); }

    void await_asleep() { test::await_asleep(id_.load()); }
    void cancel() { ::pthread_cancel(thread_); }
    void* join() {
        if (thread_ != 0) {
            ::pthread_join(std::exchange(thread_, 0), &result_);
        }
        return result_;
    }

private:
    static void* enter(void* of) {
        auto* self = static_cast<PlainThread*>(of);
        self->id_.store(::gettid());
        self->id_.notify_all();
        self->body_();
        return nullptr;
    }

    std::function<void()> body_;
    std::atomic<pid_t> id_{0};
    pthread_t thread_ = 0;
    void* result_ = nullptr;
};

int listener() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    EXPECT_EQ(::listen(fd, 4), 0);
    return fd;
}

/// Calls that wait for ever on what the test gives them.
struct Blocking {
    Ends ends;
    Ends packets{SOCK_DGRAM};
    int accepting = listener();
    int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    char byte = 0;
    iovec part{&byte, 1};
    msghdr message{};
    mmsghdr messages[2]{};

    Blocking() {
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        messages[0].msg_hdr = messages[1].msg_hdr = message;
    }
    Blocking(const Blocking&) = delete;
    Blocking& operator=(const Blocking&) = delete;
    ~Blocking() {
        ::close(accepting);
        ::close(epoll);
    }

    std::vector<std::pair<const char*, std::function<void()>>> calls() {
        return {
            {"recv", [this] { ::recv(ends[0], &byte, 1, 0); }},
            {"read", [this] { ::read(ends[0], &byte, 1); }},
            {"readv", [this] { ::readv(ends[0], &part, 1); }},
            {"recvfrom", [this] { ::recvfrom(ends[0], &byte, 1, 0, nullptr, nullptr); }},
            {"recvmsg", [this] { ::recvmsg(ends[0], &message, 0); }},
            {"recvmmsg", [this] { ::recvmmsg(packets[0], messages, 2, 0, nullptr); }},
            {"accept", [this] { ::accept(accepting, nullptr, nullptr); }},
            {"accept4", [this] { ::accept4(accepting, nullptr, nullptr, SOCK_CLOEXEC); }},
            {"poll", [] { ::poll(nullptr, 0, -1); }},
            {"ppoll", [] { ::ppoll(nullptr, 0, nullptr, nullptr); }},
            {"select", [] { ::select(0, nullptr, nullptr, nullptr, nullptr); }},
            {"pselect", [] { ::pselect(0, nullptr, nullptr, nullptr, nullptr, nullptr); }},
            {"epoll_wait", [this] { epoll_wait_for_ever(); }},
            {"usleep", [] { ::usleep(500'000'000); }},
            {"sleep", [] { ::sleep(500); }},
            {"nanosleep", [] { sleep_for_ever(); }},
        };
    }

private:
    void epoll_wait_for_ever() const {
        epoll_event event{};
        ::epoll_wait(epoll, &event, 1, -1);
    }
    static void sleep_for_ever() {
        const timespec length{.tv_sec = 500, .tv_nsec = 0};
        ::nanosleep(&length, nullptr);
    }
};

TEST(ShimThreads, APlainThreadThatBlocksInACallIsCancelled) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer does not see what a cancelled thread unwinds";
#endif
    Blocking blocking;
    for (const auto& [name, call] : blocking.calls()) {
        SCOPED_TRACE(name);
        PlainThread thread(call);
        thread.await_asleep();
        thread.cancel();
        EXPECT_EQ(thread.join(), PTHREAD_CANCELED);
    }
}

TEST(ShimThreads, ACancellationThatIsThereAlreadyEndsTheThreadInEachOfThem) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer does not see what a cancelled thread unwinds";
#endif
    Blocking blocking;
    auto calls = blocking.calls();
    calls.emplace_back("close", [] { ::close(::dup(0)); });
    calls.emplace_back("open", [] { ::open("/", O_RDONLY | O_CLOEXEC); });
    calls.emplace_back("fcntl(F_SETLKW)", [&blocking] {
        struct flock lock {};
        ::fcntl(blocking.ends[0], F_SETLKW, &lock);
    });
    calls.emplace_back("send", [&blocking] { ::send(blocking.ends[0], "x", 1, 0); });
    calls.emplace_back("sendmsg", [&blocking] { ::sendmsg(blocking.ends[0], &blocking.message, 0); });
    calls.emplace_back("sendmmsg", [&blocking] { ::sendmmsg(blocking.packets[1], blocking.messages, 1, 0); });
    calls.emplace_back("connect", [&blocking] {
        sockaddr_in there{};
        ::connect(blocking.ends[0], reinterpret_cast<sockaddr*>(&there), sizeof there);
    });
    for (const auto& [name, call] : calls) {
        SCOPED_TRACE(name);
        PlainThread thread([&call = call] {
            ::pthread_cancel(::pthread_self());
            call();
        });
        EXPECT_EQ(thread.join(), PTHREAD_CANCELED);
    }
}

// CONFORMANCE 298
TEST(ShimThreads, AThreadWithoutAHubBlocksGetsItsDataAndGetsNoHub) {
    const Ends ends;
    std::string got;
    PlainThread thread([&] {
        char text[8];
        got.assign(text, static_cast<std::size_t>(::recv(ends[0], text, sizeof text, 0)));
        ::usleep(1);
    });
    thread.await_asleep();
    EXPECT_EQ(::write(ends[1], "abc", 3), 3);
    thread.join();
    EXPECT_EQ(got, "abc");
}

TEST(ShimThreads, ASignalInterruptsAThreadWithoutAHub) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    struct sigaction before {};
    ::sigaction(SIGUSR1, &action, &before);
    const Ends ends;
    int error = 0;
    pthread_t thread = 0;
    std::atomic<pid_t> id{0};
    std::thread blocked([&] {
        thread = ::pthread_self();
        id = ::gettid();
        id.notify_all();
        char byte = 0;
        error = ::recv(ends[0], &byte, 1, 0) == -1 ? errno : 0;
    });
    id.wait(0);
    await_asleep(id);
    ::pthread_kill(thread, SIGUSR1);
    blocked.join();
    EXPECT_EQ(error, EINTR);
    ::sigaction(SIGUSR1, &before, nullptr);
}

// CONFORMANCE 305
TEST(ShimThreads, AThreadThatWasThereBeforeTheHubGoesOnAsItWasAndIsJoinedFromAFiber) {
    const Ends ends;
    std::string got;
    std::thread before([&] {
        char text[8];
        got.assign(text, static_cast<std::size_t>(::read(ends[0], text, sizeof text)));
    });
    run([&] {
        spawn([&] {
            ::usleep(1);
            EXPECT_EQ(::write(ends[1], "abc", 3), 3);
            before.join();
        }).join();
    });
    EXPECT_EQ(got, "abc");
}

TEST(ShimThreads, AThreadThatClosesWakesTheFiberThatWaitsOnAnother) {
    Ends ends;
    std::atomic<bool> waiting{false};
    int error = 0;
    std::thread hub([&] {
        run([&] {
            auto reader = spawn([&] {
                char byte = 0;
                error = ::read(ends[0], &byte, 1) == -1 ? errno : 0;
            });
            testing::wait_all_parked();
            waiting = true;
            waiting.notify_all();
            reader.join();
        });
    });
    waiting.wait(false);
    ends.close(0);
    hub.join();
    EXPECT_EQ(error, EBADF);
}

}  // namespace
}  // namespace weft::test
