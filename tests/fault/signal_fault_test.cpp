// What signals do to a program in the middle of its waits: handlers that take their time, a stop and what comes after it, Ctrl-C.
#include <gtest/gtest.h>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>
#include <weft/os/signal.hpp>
#include <weft/scope/task_group.hpp>

#include "support/child.hpp"
#include "support/held_child.hpp"
#include "support/streams.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

/// A handler of SIGALRM, called every few milliseconds, for as long as this lives.
class Alarms {
public:
    explicit Alarms(void (*handler)(int)) {
        struct sigaction action {};
        action.sa_handler = handler;  // without SA_RESTART: system calls end with EINTR
        ::sigaction(SIGALRM, &action, &before_);
        const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 3000},
                              .it_value = {.tv_sec = 0, .tv_usec = 3000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    Alarms(const Alarms&) = delete;
    Alarms& operator=(const Alarms&) = delete;
    ~Alarms() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }

private:
    struct sigaction before_ {};
};

volatile std::sig_atomic_t alarms = 0;

void take_an_alarm(int) {
    ::usleep(1000);
    alarms = alarms + 1;
}

// CONFORMANCE 241
TEST(SignalFault, HandlersDuringThePollShortenNoSleepAndMaySleepThemselves) {
    alarms = 0;
    const Alarms often(&take_an_alarm);
    run([] {
        task_group([](TaskGroup& group) {
            for (const Duration length : {20ms, 30ms, 40ms}) {
                group.spawn([length] {
                    const auto begun = std::chrono::steady_clock::now();
                    sleep_for(length);
                    EXPECT_GE(std::chrono::steady_clock::now() - begun, length);
                });
            }
            group.spawn([] {
                auto [client, server] = tcp_pair();
                auto reader = spawn([&stream = server] {
                    char byte = 0;
                    return stream.read_some({&byte, 1});
                });
                sleep_for(20ms);
                client.write_all("x");
                EXPECT_EQ(reader.get(), 1U);
            });
        });
    });
    EXPECT_GT(alarms, 0);
}

/// A child that runs `check` and says by a byte when it has come to where the test wants it.
class Child {
public:
    explicit Child(const std::function<bool(int tell)>& check) : pid_(::fork()) {
        if (pid_ == 0) {
            ::alarm(child_seconds);
            check_and_exit([&] { return check(told_.write.get()); });
        }
        told_.write.reset();
    }

    char await_byte() const {
        char byte = 0;
        EXPECT_EQ(::read(told_.read.get(), &byte, 1), 1);
        return byte;
    }
    void send(int signal) const { ::kill(pid_, signal); }
    void await_stop() const {
        int status = 0;
        ASSERT_EQ(::waitpid(pid_, &status, WUNTRACED), pid_);
        ASSERT_TRUE(WIFSTOPPED(status));
    }
    ChildEnd end() const { return await_child(pid_); }

private:
    HoldPipe told_;
    pid_t pid_;
};

void tell(int fd, char what) { ASSERT_EQ(::write(fd, &what, 1), 1); }

// CONFORMANCE 240
TEST(SignalFault, AProcessThatIsStoppedGoesOnWithItsTimersAndSockets) {
    const Child child([](int fd) {
        int rounds = 0;
        run([&] {
            auto [client, server] = tcp_pair();
            auto echo = spawn([&stream = server] {
                char byte = 0;
                while (stream.read_some({&byte, 1}) != 0) {
                    stream.write_all({&byte, 1});
                }
            });
            for (; rounds < 30; ++rounds) {
                if (rounds == 3) {
                    tell(fd, 'r');
                }
                char byte = 0;
                client.write_all("x");
                client.read_exact({&byte, 1}, 30s);
                sleep_for(2ms);
            }
            client.close();
            echo.get();
        });
        return rounds == 30;
    });
    ASSERT_EQ(child.await_byte(), 'r');
    child.send(SIGSTOP);
    child.await_stop();
    std::this_thread::sleep_for(20ms);
    child.send(SIGCONT);
    EXPECT_EQ(child.end(), ChildEnd::exit(0));
}

// CONFORMANCE 239
TEST(SignalFault, CtrlCWhileEverythingIsBlockedEndsTheProgramWithTheCleanUpOfAllFibers) {
    const Child child([](int fd) {
        struct CleansUp {
            int fd;
            ~CleansUp() { tell(fd, 'c'); }
        };
        run([fd] {
            os::SignalSet stop{SIGINT};
            task_group([&](TaskGroup& group) {
                for (int i = 0; i < 3; ++i) {
                    group.spawn([fd] {
                        const CleansUp clean{fd};
                        sleep_for(1h);
                    });
                }
                yield();
                tell(fd, 'r');
                stop.wait();
                group.cancel();
            });
        });
        return true;
    });
    ASSERT_EQ(child.await_byte(), 'r');
    child.send(SIGINT);
    EXPECT_EQ(child.end(), ChildEnd::exit(0));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(child.await_byte(), 'c');
    }
}

}  // namespace
}  // namespace weft::test
