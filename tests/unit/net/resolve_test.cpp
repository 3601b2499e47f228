// Looking names up: when libc is asked, and that nobody waits for it but the caller.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include <weft/core/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"
#include "support/no_answer.hpp"
#include "support/streams.hpp"
#include "support/sys_override.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using net::resolve;

WEFT_HUB_SUITE(Resolve);

std::atomic<int> lookups{0};

int counted_lookup(const char* host, const char* service, const addrinfo* hints, addrinfo** list) {
    ++lookups;
    return ::getaddrinfo(host, service, hints, list);
}

// CONFORMANCE 209
TEST_P(Resolve, NumericHostsAreNotLookedUp) {
    const impl::SysOverride count(&impl::Sys::getaddrinfo, &counted_lookup);
    lookups = 0;
    EXPECT_EQ(resolve("127.0.0.1", "80").at(0).to_string(), "127.0.0.1:80");
    EXPECT_EQ(resolve("::1", "443").at(0).to_string(), "[::1]:443");
    EXPECT_EQ(lookups, 0);
    EXPECT_FALSE(resolve("localhost", "80").empty());
    EXPECT_EQ(lookups, 1);
}

TEST_P(Resolve, GivesWhatLibcGivesInItsOrder) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    ASSERT_EQ(::getaddrinfo("localhost", "http", &hints, &list), 0);
    std::vector<net::Endpoint> expected;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        expected.push_back(net::Endpoint::from(each->ai_addr, each->ai_addrlen));
    }
    ::freeaddrinfo(list);
    EXPECT_EQ(resolve("localhost", "http"), expected);
    EXPECT_TRUE(resolve("", "80").at(0).address().is_loopback());
}

// CONFORMANCE 210
TEST_P(Resolve, AnUnknownHostIsLibcsErrorAndNamesHostAndService) {
    const auto error = error_of([] { (void)resolve("no-such-host.invalid", "80"); });
    EXPECT_EQ(error.code().category(), net::resolve_category());
    EXPECT_TRUE(error.code().value() == EAI_NONAME || error.code().value() == EAI_AGAIN) << error.what();
    EXPECT_NE(std::string(error.what()).find("resolve 'no-such-host.invalid' (service '80')"),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find(::gai_strerror(error.code().value())), std::string::npos);
    std::error_code code;
    EXPECT_TRUE(resolve("no-such-host.invalid", "80", never, code).empty());
    EXPECT_EQ(code, error.code());
}

// CONFORMANCE 212
TEST_P(Resolve, ACallerWhoIsCancelledOrTimesOutLeavesAtOnce) {
    const NoAnswer silent;
    // Virtual time does not overtake a thread's work by itself.
    auto time = spawn([this] {
        while (on_virtual_time()) {
            virtual_time().advance(5ms);
            yield();
        }
    });
    EXPECT_FALSE(move_on_after(10ms, [] { (void)resolve("a.invalid", "80"); }));
    std::error_code error;
    EXPECT_TRUE(resolve("b.invalid", "80", 10ms, error).empty());
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_THROW((void)resolve("c.invalid", "80", 10ms), TimeoutError);
    auto asking = spawn([] { (void)resolve("d.invalid", "80"); });
    yield();
    asking.cancel();
    asking.join();
    time.kill();
    time.join();
}

// CONFORMANCE 208
TEST_P(Resolve, ManyLookupsAtOnceBlockNeitherTheHubNorEachOther) {
    const NoAnswer silent;
    constexpr int many = 50;
    std::vector<Fiber<>> asking;
    for (int i = 0; i < many; ++i) {
        asking.push_back(spawn([] {
            std::error_code error;
            (void)resolve("name.invalid", "80", never, error);
            EXPECT_EQ(error.value(), EAI_NONAME);
        }));
    }
    bool others_run = false;
    auto other = spawn([&] { others_run = true; });
    yield();
    silent.wait_for_asked(many);
    EXPECT_TRUE(others_run);
    silent.release();
    for (auto& fiber : asking) {
        fiber.get();
    }
    other.join();
}

TEST(ResolveOnAThread, WorksWithoutAHub) {
    std::thread([] {
        EXPECT_FALSE(resolve("localhost", "80").empty());
        EXPECT_THROW((void)resolve("no-such-host.invalid", "80"), std::system_error);
    }).join();
}

}  // namespace
}  // namespace weft::test
