// Connecting to several addresses at once: who is tried when, who wins, and that nothing of the others is left.
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/mman.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/net/tcp.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "core/hub.hpp"
#include "fake_network.hpp"
#include "io/io.hpp"
#include "net/connect_race.hpp"
#include "support/streams.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using impl::attempt_delay;
using net::Endpoint;
using net::TcpStream;

const char* const a = "192.0.2.1:80";
const char* const b = "[2001:db8::2]:80";
const char* const c = "192.0.2.3:80";

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
        count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

/// What may not be more after a race than before.
struct Inventory {
    int descriptors = open_descriptors();
    std::size_t fibers = impl::Hub::current()->live_fibers;
    std::size_t timers = impl::Hub::current()->timers().size();

    friend bool operator==(const Inventory&, const Inventory&) = default;
    friend void PrintTo(const Inventory& it, std::ostream* out) {
        *out << it.descriptors << " descriptors, " << it.fibers << " fibers, " << it.timers << " timers";
    }
};

/// Each test is also one that nothing has been left behind.
class ConnectRace : public ::testing::Test {
protected:
    void TearDown() override {
        network_.reset();
        EXPECT_EQ(Inventory(), before_);
    }

    FakeNetwork& network() { return *network_; }
    Duration elapsed() const { return network_->elapsed(); }
    Endpoint silent(const char* address) const { return Endpoint::parse(address); }

    std::vector<std::string> tried() const {
        std::vector<std::string> names;
        for (const FakeNetwork::Attempt& attempt : network_->attempts()) {
            names.push_back(attempt.to.to_string());
        }
        return names;
    }
    std::vector<Duration> begun() const {
        std::vector<Duration> times;
        for (const FakeNetwork::Attempt& attempt : network_->attempts()) {
            times.push_back(attempt.begun);
        }
        return times;
    }
    using Times = std::vector<Duration>;

private:
    testing::VirtualTime time_;
    Inventory before_;
    std::optional<FakeNetwork> network_{std::in_place};
};

// CONFORMANCE 198
TEST_F(ConnectRace, ASilentAddressDelaysTheNextByTheAttemptDelayAndIsClosed) {
    const Endpoint several[] = {silent(a), network().answers(b, 10ms, 0)};
    const TcpStream stream = TcpStream::connect(several);
    EXPECT_EQ(stream.remote_endpoint(), several[1]);
    EXPECT_EQ(elapsed(), attempt_delay + 10ms);
    EXPECT_EQ(begun(), (Times{0ms, attempt_delay}));
    EXPECT_EQ(network().open_sockets(), 0)
        << "the loser, when connect returns; the winner's end is not there any more";
    EXPECT_EQ(impl::Hub::current()->live_fibers, 0U) << "the loser's has ended, too";
}

TEST_F(ConnectRace, AnEarlierAttemptMayStillWin) {
    const Endpoint several[] = {network().answers(a, 300ms, 0), network().answers(b, 100ms, 0), silent(c)};
    EXPECT_EQ(TcpStream::connect(several).remote_endpoint(), several[0]);
    EXPECT_EQ(elapsed(), 300ms);
    EXPECT_EQ(tried().size(), 2U);
    EXPECT_EQ(network().open_sockets(), 0);
}

TEST_F(ConnectRace, AFailureStartsTheNextAtOnce) {
    const Endpoint several[] = {network().answers(a, 10ms, ECONNREFUSED), network().refuses(b, ENETUNREACH),
                                network().answers(c, 5ms, 0)};
    EXPECT_EQ(TcpStream::connect(several).remote_endpoint(), several[2]);
    EXPECT_EQ(begun(), (Times{0ms, 10ms, 10ms}));
    EXPECT_EQ(elapsed(), 15ms);
}

TEST_F(ConnectRace, OnlyTheNewestFailureStartsTheNext) {
    const Endpoint several[] = {network().answers(a, 300ms, ECONNREFUSED), silent(b),
                                network().answers(c, 1ms, 0)};
    EXPECT_EQ(TcpStream::connect(several).remote_endpoint(), several[2]);
    EXPECT_EQ(begun(), (Times{0ms, attempt_delay, 2 * attempt_delay}));
}

TEST_F(ConnectRace, OfTwoThatSucceedTogetherOneIsKept) {
    const Endpoint several[] = {network().answers(a, attempt_delay + 10ms, 0), network().answers(b, 10ms, 0)};
    const int before = open_descriptors();
    const TcpStream stream = TcpStream::connect(several);
    EXPECT_EQ(elapsed(), attempt_delay + 10ms);
    EXPECT_EQ(open_descriptors(), before + 1);
}

TEST_F(ConnectRace, WhereAllFailEachIsNamedAndTheReasonOfTheLastOneCounts) {
    const Endpoint several[] = {network().answers(a, 400ms, ECONNREFUSED),
                                network().answers(b, 10ms, EHOSTUNREACH)};
    const auto error = error_of([&] { (void)TcpStream::connect(several); });
    EXPECT_EQ(elapsed(), 400ms);
    EXPECT_EQ(error.code(), std::errc::host_unreachable);
    EXPECT_NE(std::string(error.what())
                  .find("connect to " + std::string(a) + ": Connection refused; " + b + ": No route to host"),
              std::string::npos)
        << error.what();
    std::error_code code;
    EXPECT_FALSE(TcpStream::connect(several, never, code).is_open());
    EXPECT_EQ(code, std::errc::host_unreachable);
}

TEST_F(ConnectRace, ThePassedDeadlineIsATimeoutErrorThatTellsOfThoseTried) {
    const Endpoint several[] = {silent(a), network().refuses(b, ECONNREFUSED), silent(c), silent(c)};
    try {
        (void)TcpStream::connect(several, 2 * attempt_delay - 1ms);
        ADD_FAILURE() << "connected";
    } catch (const TimeoutError& error) {
        EXPECT_EQ(std::string(error.what())
                      .find("connect to " + std::string(a) + ": Connection timed out; " + b +
                            ": Connection refused; " + c + ": Connection timed out: "),
                  0U)
            << error.what();
    }
    EXPECT_EQ(elapsed(), 2 * attempt_delay - 1ms);
    EXPECT_EQ(tried().size(), 3U) << "the deadline comes before the turn of the last";
    EXPECT_EQ(network().open_sockets(), 0);
}

TEST_F(ConnectRace, ThePassedDeadlineCountsMoreThanTheLastOnesReason) {
    const Endpoint several[] = {silent(a), network().refuses(b, ECONNREFUSED)};
    std::error_code error;
    EXPECT_FALSE(TcpStream::connect(several, now() + 10s, error).is_open());
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_EQ(elapsed(), 10s);
}

TEST_F(ConnectRace, EndingTheCallerEndsAllAttemptsAndPassesThroughAsItIs) {
    const Endpoint several[] = {silent(a), silent(b), silent(c)};
    const std::vector<std::function<void(const FiberRef&)>> ways = {
        [](const FiberRef& caller) { caller.cancel(); }, [](const FiberRef& caller) { caller.kill(); },
        [](const FiberRef& caller) {
            caller.kill(std::make_exception_ptr(std::system_error(EPROTO, std::system_category())));
        }};
    std::vector<std::string> ended;
    for (const auto& end : ways) {
        auto caller = spawn([&] {
            const Inventory before;
            auto timer = spawn_later(attempt_delay + 1ms, [&, self = this_fiber()] {
                EXPECT_EQ(network().open_sockets(), 2);
                end(self);
            });
            std::error_code error;
            try {
                (void)TcpStream::connect(several, never, error);
            } catch (const Cancelled&) {
                ended.emplace_back("cancelled");
            } catch (const FiberExit&) {
                ended.emplace_back("killed");
            } catch (const std::system_error& thrown) {
                ended.push_back(thrown.code().message());
            }
            EXPECT_EQ(network().open_sockets(), 0);
            EXPECT_EQ(impl::Hub::current()->live_fibers, before.fibers) << "the timer's fiber has ended, too";
        });
        caller.join();
    }
    EXPECT_EQ(ended, (std::vector<std::string>{"cancelled", "killed", "Protocol error"}));
    EXPECT_EQ(tried().size(), 6U) << "two for each";
    EXPECT_FALSE(move_on_after(10ms, [&] { (void)TcpStream::connect(several); }));
    EXPECT_EQ(network().open_sockets(), 0);
}

void* no_memory(void*, std::size_t, int, int, int, off_t) {
    errno = ENOMEM;
    return MAP_FAILED;
}

TEST_F(ConnectRace, AnAttemptWithoutRoomForItsFiberHasFailedAndTheOthersMayWin) {
    const Endpoint several[] = {network().answers(a, 400ms, 0), silent(b), silent(c)};
    spawn([] {}).join();  // of the usual size there are stacks at hand
    // A size of which the process has none yet, so that the next stack must come from the kernel.
    const std::size_t large = impl::stack_class_of(std::size_t{5} << 20);
    std::size_t usual = std::exchange(impl::Hub::current()->stack_class, large);
    const impl::SysOverride full(&impl::Sys::mmap, no_memory);
    const auto error = error_of([&] { (void)TcpStream::connect(several); });
    EXPECT_EQ(error.code(), std::errc::not_enough_memory);
    EXPECT_NE(std::string(error.what()).find(a + std::string(": Cannot allocate memory")), std::string::npos)
        << error.what();
    EXPECT_TRUE(tried().empty());

    std::swap(impl::Hub::current()->stack_class, usual);
    auto change = spawn_later(1ms, [&] { impl::Hub::current()->stack_class = large; });
    EXPECT_EQ(TcpStream::connect(several).remote_endpoint(), several[0]);
    EXPECT_EQ(tried().size(), 1U);
}

// CONFORMANCE 179
TEST_F(ConnectRace, AConnectUnderWayFailsPromptlyWhenATimerEndsIt) {
    auto caller = spawn([&] { (void)TcpStream::connect(silent(a)); });
    auto timer = spawn_later(10ms, [&] { caller.cancel(); });
    caller.join();
    EXPECT_EQ(elapsed(), 10ms);
    EXPECT_EQ(network().open_sockets(), 0);

    impl::Descriptor socket(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
    auto closing = spawn_later(10ms, [&] { socket.close(); });
    const Endpoint peer = silent(a);
    Deadline unlimited;
    EXPECT_EQ(impl::connect(socket, peer.data(), peer.size(), unlimited), EBADF);
    EXPECT_EQ(elapsed(), 20ms);
}

TEST_F(ConnectRace, ASingleAddressIsConnectedByTheCallerItself) {
    const Endpoint single[] = {network().answers(a, 1s, 0)};
    auto watching = spawn_later(500ms, [] {
        EXPECT_EQ(impl::Hub::current()->live_fibers, 2U) << "this one and the network's answer";
        EXPECT_EQ(impl::Hub::current()->timers().size(), 1U) << "that of the answer";
    });
    EXPECT_EQ(TcpStream::connect(single).remote_endpoint(), single[0]);
    EXPECT_EQ(elapsed(), 1s) << "without an attempt delay";
}

// --- the addresses of a name ---

/// Answers for every name while it lives.
class FakeNames {
public:
    explicit FakeNames(const std::vector<std::string>& addresses) {
        found_.clear();
        for (const std::string& address : addresses) {
            found_.push_back(Endpoint::parse(address));
        }
    }

private:
    static int ask(const char*, const char*, const addrinfo*, addrinfo** list) {
        *list = nullptr;
        for (auto it = found_.rbegin(); it != found_.rend(); ++it) {
            auto* entry = new addrinfo();
            entry->ai_family = it->family();
            entry->ai_addrlen = it->size();
            entry->ai_addr = const_cast<sockaddr*>(it->data());
            entry->ai_next = std::exchange(*list, entry);
        }
        return 0;
    }
    static void free(addrinfo* list) {
        while (list != nullptr) {
            delete std::exchange(list, list->ai_next);
        }
    }

    static inline std::vector<Endpoint> found_;
    impl::SysOverride<decltype(impl::Sys::getaddrinfo)> ask_{&impl::Sys::getaddrinfo, &ask};
    impl::SysOverride<decltype(impl::Sys::freeaddrinfo)> free_{&impl::Sys::freeaddrinfo, &free};
};

TEST_F(ConnectRace, TheFamiliesOfANameTakeTurnsBeginningWithTheResolversFirst) {
    const std::vector<std::string> six = {"[2001:db8::1]:80", "[2001:db8::2]:80", "[2001:db8::3]:80"};
    const std::vector<std::string> four = {"192.0.2.1:80", "192.0.2.2:80"};
    const FakeNames names({six[0], six[1], six[2], four[0], four[1]});
    for (const auto& address : six) {
        network().refuses(address.c_str(), ENETUNREACH);
    }
    for (const auto& address : four) {
        network().refuses(address.c_str(), ENETUNREACH);
    }
    EXPECT_EQ(error_of([] { (void)TcpStream::connect("weft.example:80"); }).code(),
              std::errc::network_unreachable);
    EXPECT_EQ(tried(), (std::vector<std::string>{six[0], four[0], six[1], four[1], six[2]}));
}

TEST_F(ConnectRace, ANameOfOneFamilyKeepsTheResolversOrder) {
    const std::vector<std::string> four = {"192.0.2.3:80", "192.0.2.1:80", "192.0.2.2:80"};
    const FakeNames names(four);
    network().answers(four[2].c_str(), 1ms, 0);
    EXPECT_EQ(TcpStream::connect("weft.example:80").remote_endpoint().to_string(), four[2]);
    EXPECT_EQ(tried(), four);
    EXPECT_EQ(elapsed(), 2 * attempt_delay + 1ms);
}

TEST_F(ConnectRace, EndpointsAreTriedInTheOrderInWhichTheyAreGiven) {
    const Endpoint given[] = {network().refuses(a, ENETUNREACH), network().refuses(c, ENETUNREACH),
                              network().refuses(b, ENETUNREACH)};
    EXPECT_TRUE(error_of([&] { (void)TcpStream::connect(given); }).code());
    EXPECT_EQ(tried(), (std::vector<std::string>{a, c, b}));
}

// --- threads without a hub ---

TEST_F(ConnectRace, AThreadWithoutAHubTriesOneAfterTheOtherAndGetsNone) {
    const Endpoint given[] = {network().refuses(a, ENETUNREACH), network().refuses(b, ECONNREFUSED)};
    std::thread([&] {
        std::error_code error;
        (void)TcpStream::connect(given, 1s, error);
        EXPECT_EQ(error, std::errc::connection_refused);
        EXPECT_FALSE(TcpStream::connect(given[0], 1s, error).is_open());
        EXPECT_EQ(impl::Hub::current(), nullptr);
    }).join();
    EXPECT_EQ(tried(), (std::vector<std::string>{a, b, a}));
}

}  // namespace
}  // namespace weft::test
