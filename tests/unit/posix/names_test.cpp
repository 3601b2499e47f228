// Looking names up by libc's functions: the answers are libc's, and nobody waits for them but the caller.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/posix/names.hpp>
#include <weft/scope/scope.hpp>

#include "support/hub_fixture.hpp"
#include "support/no_answer.hpp"
#include "unit/posix/name_server.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PosixNames);

std::string text_of(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    ::getnameinfo(entry.ai_addr, entry.ai_addrlen, host.data(), host.size(), service.data(), service.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV);
    return std::string(host.data()) + " " + service.data() + " " + std::to_string(entry.ai_socktype) + " " +
           std::to_string(entry.ai_protocol) + " " +
           (entry.ai_canonname != nullptr ? entry.ai_canonname : "-");
}

using GetAddrinfo = decltype(&::getaddrinfo);

/// All that a lookup says.
std::vector<std::string> answer_of(GetAddrinfo function, const char* node, const char* service,
                                   const addrinfo* hints) {
    addrinfo* list = nullptr;
    const int code = function(node, service, hints, &list);
    std::vector<std::string> all{::gai_strerror(code)};
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        all.push_back(text_of(*entry));
    }
    if (list != nullptr) {
        ::freeaddrinfo(list);
    }
    return all;
}

std::string first_address(const hostent* host) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return host != nullptr ? ::inet_ntop(host->h_addrtype, host->h_addr_list[0], text.data(), text.size())
                           : "none";
}

int code_of(const char* node) {
    addrinfo* list = nullptr;
    const int code = posix::getaddrinfo(node, "80", nullptr, &list);
    if (list != nullptr) {
        ::freeaddrinfo(list);
    }
    return code;
}

// CONFORMANCE 213
TEST_P(PosixNames, AnswersAreLibcs) {
    for (const int flags : {0, AI_CANONNAME, AI_PASSIVE, AI_NUMERICHOST, AI_ADDRCONFIG, 0x40000000}) {
        for (const int family : {AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX}) {
            addrinfo hints{};
            hints.ai_flags = flags;
            hints.ai_family = family;
            // What is not in the file of hosts would be looked up on the network.
            const char* name = family == AF_INET6 ? "::" : "localhost";
            for (const char* node : {name, "127.0.0.1", "127.1", "::1", "fe80::1%lo"}) {
                for (const char* service : {"http", "80", "no-such-service"}) {
                    const auto expected = answer_of(&::getaddrinfo, node, service, &hints);
                    EXPECT_EQ(answer_of(&posix::getaddrinfo, node, service, &hints), expected)
                        << node << " " << service << " " << flags << " " << family;
                }
            }
        }
    }
    EXPECT_EQ(answer_of(&posix::getaddrinfo, nullptr, "http", nullptr),
              answer_of(&::getaddrinfo, nullptr, "http", nullptr));
    EXPECT_EQ(code_of(nullptr), 0);
    EXPECT_EQ(answer_of(&posix::getaddrinfo, nullptr, nullptr, nullptr).at(0), ::gai_strerror(EAI_NONAME));
}

TEST_P(PosixNames, TheCallersResolverStateIsUsed) {
    const NameServer server(Hosts{{"there.test", "192.0.2.7"}, {"short.example.test", "192.0.2.8"}});
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    EXPECT_EQ(answer_of(&posix::getaddrinfo, "there.test", "80", &hints).at(1), "192.0.2.7 80 1 6 -");
    // By the search list.
    EXPECT_EQ(answer_of(&posix::getaddrinfo, "short", "80", &hints).at(1), "192.0.2.8 80 1 6 -");
    EXPECT_EQ(server.asked, (std::vector<std::string>{"there.test", "short.example.test"}));
    EXPECT_EQ(code_of("gone.test"), EAI_NONAME);
}

std::atomic<std::thread::id> asked_by;

TEST_P(PosixNames, AddressesAreAnsweredInPlace) {
    const impl::SysOverride watch(
        &impl::Sys::getaddrinfo,
        +[](const char* node, const char* service, const addrinfo* hints, addrinfo** list) {
            asked_by = std::this_thread::get_id();
            return ::getaddrinfo(node, service, hints, list);
        });
    for (const char* node : {"127.0.0.1", "::1", "fe80::1%lo", static_cast<const char*>(nullptr)}) {
        asked_by = std::thread::id();
        EXPECT_EQ(code_of(node), 0);
        EXPECT_EQ(asked_by.load(), std::this_thread::get_id());
    }
    EXPECT_EQ(code_of("localhost"), 0);
    EXPECT_NE(asked_by.load(), std::this_thread::get_id());
    EXPECT_EQ(first_address(posix::gethostbyname("127.0.0.1")), "127.0.0.1");
    EXPECT_EQ(first_address(posix::gethostbyname2("::1", AF_INET6)), "::1");
}

std::atomic<int> freed{0};

TEST_P(PosixNames, WhoIsInterruptedLeavesAtOnceAndTheLateAnswerIsFreed) {
    freed = 0;
    const impl::SysOverride count(
        &impl::Sys::freeaddrinfo, +[](addrinfo* list) {
            ::freeaddrinfo(list);
            ++freed;
            freed.notify_all();
        });
    {
        const NoAnswer late(true);
        auto asking = spawn([] {
            EXPECT_EQ(code_of("a.invalid"), EAI_SYSTEM);
            EXPECT_EQ(errno, ECANCELED);
            EXPECT_EQ(code_of("b.invalid"), EAI_SYSTEM);
            EXPECT_EQ(errno, ECANCELED);
            EXPECT_EQ(posix::gethostbyname("c.invalid"), nullptr);
            EXPECT_EQ(errno, ECANCELED);
            EXPECT_EQ(h_errno, NETDB_INTERNAL);
            std::array<unsigned char, 512> answer{};
            EXPECT_EQ(posix::res_query("d.invalid", ns_c_in, ns_t_a, answer.data(), answer.size()), -1);
            EXPECT_EQ(errno, ECANCELED);
            EXPECT_EQ(h_errno, NETDB_INTERNAL);
            EXPECT_EQ(_res.res_h_errno, NETDB_INTERNAL);
        });
        yield();
        late.wait_for_asked(1);
        asking.cancel();
        asking.join();
        EXPECT_EQ(late.begun(), 1);
    }
    freed.wait(0);
    EXPECT_EQ(freed, 1);
}

TEST_P(PosixNames, ADeadlineIsETIMEDOUT) {
    const NoAnswer silent;
    auto time = spawn([this] {
        while (on_virtual_time()) {
            virtual_time().advance(5ms);
            yield();
        }
    });
    EXPECT_FALSE(move_on_after(10ms, [] {
        EXPECT_EQ(code_of("a.invalid"), EAI_SYSTEM);
        EXPECT_EQ(errno, ETIMEDOUT);
        sleep_for(0s);
    }));
    time.kill();
    time.join();
}

TEST_P(PosixNames, WhereAllThreadsWaitTheHubGoesOnAndTheQueueIsSeen) {
    const std::size_t most = net::resolver_load().max_threads;
    EXPECT_EQ(most, 128U);
    const NoAnswer silent;
    std::vector<Fiber<>> asking;
    for (std::size_t i = 0; i < most + 20; ++i) {
        asking.push_back(spawn([] { EXPECT_EQ(code_of("name.invalid"), EAI_NONAME); }));
    }
    bool others_run = false;
    auto other = spawn([&] { others_run = true; });
    yield();
    silent.wait_for_asked(static_cast<int>(most));
    EXPECT_TRUE(others_run);
    EXPECT_EQ(net::resolver_load().threads, most);
    EXPECT_EQ(net::resolver_load().queued, 20U);
    // Who has left the queue is not looked up.
    for (int i = 0; i < 10; ++i) {
        auto queued = spawn([] {
            EXPECT_EQ(code_of("late.invalid"), EAI_SYSTEM);
            EXPECT_EQ(errno, ECANCELED);
        });
        yield();
        queued.cancel();
        queued.join();
    }
    EXPECT_EQ(net::resolver_load().queued, 30U);
    silent.release();
    for (auto& fiber : asking) {
        fiber.get();
    }
    other.join();
    EXPECT_EQ(silent.begun(), static_cast<int>(most) + 20);
}

TEST_P(PosixNames, EachFiberHasItsLastHost) {
    const NameServer server(Hosts{{"one.test", "192.0.2.1"}, {"two.test", "192.0.2.2"}});
    const hostent* mine = posix::gethostbyname("one.test");
    ASSERT_NE(mine, nullptr);
    spawn([] {
        EXPECT_EQ(first_address(posix::gethostbyname("two.test")), "192.0.2.2");
        EXPECT_EQ(first_address(posix::gethostbyname2("one.test", AF_INET)), "192.0.2.1");
    }).join();
    EXPECT_EQ(first_address(mine), "192.0.2.1");
    EXPECT_STREQ(mine->h_name, "one.test");
    EXPECT_EQ(posix::gethostbyname("gone.test"), nullptr);
    EXPECT_EQ(h_errno, HOST_NOT_FOUND);
    const in_addr loopback{.s_addr = htonl(INADDR_LOOPBACK)};
    const hostent* host = posix::gethostbyaddr(&loopback, sizeof loopback, AF_INET);
    ASSERT_NE(host, nullptr);
    EXPECT_STREQ(host->h_name, "localhost");
}

TEST_P(PosixNames, AHostIsLaidOutInTheRoomThatIsGiven) {
    const NameServer server(Hosts{{"one.test", "192.0.2.1"}});
    alignas(16) std::array<char, 1024> room{};
    for (const std::size_t shift : {0U, 1U, 3U, 8U}) {
        hostent host{};
        hostent* result = nullptr;
        int error = 0;
        char* at = room.data() + shift;
        ASSERT_EQ(posix::gethostbyname_r("one.test", &host, at, 1000, &result, &error), 0);
        ASSERT_EQ(result, &host);
        for (const void* part :
             {static_cast<const void*>(host.h_name), static_cast<const void*>(host.h_aliases),
              static_cast<const void*>(host.h_addr_list), static_cast<const void*>(host.h_addr_list[0])}) {
            EXPECT_GE(part, at);
            EXPECT_LT(part, at + 1000);
        }
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(host.h_addr_list) % alignof(char*), 0U);
        EXPECT_STREQ(host.h_name, "one.test");
        EXPECT_EQ(first_address(&host), "192.0.2.1");
    }
    hostent host{};
    hostent* result = &host;
    int error = 0;
    EXPECT_EQ(posix::gethostbyname2_r("one.test", AF_INET, &host, room.data(), 16, &result, &error), ERANGE);
    EXPECT_EQ(result, nullptr);
    EXPECT_EQ(error, NETDB_INTERNAL);
    EXPECT_NE(posix::gethostbyname_r("gone.test", &host, room.data(), 1000, &result, &error), -1);
    EXPECT_EQ(result, nullptr);
    EXPECT_EQ(error, HOST_NOT_FOUND);
    const in_addr loopback{.s_addr = htonl(INADDR_LOOPBACK)};
    EXPECT_EQ(posix::gethostbyaddr_r(&loopback, sizeof loopback, AF_INET, &host, room.data(), 1000, &result,
                                     &error),
              0);
    EXPECT_STREQ(host.h_name, "localhost");
}

TEST_P(PosixNames, NamesOfAddressesAreLibcs) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* at = reinterpret_cast<const sockaddr*>(&address);
    for (const int flags : {0, NI_NUMERICHOST, NI_NUMERICSERV, NI_NUMERICHOST | NI_NUMERICSERV, NI_DGRAM}) {
        for (const socklen_t room : {0U, 4U, 200U}) {
            std::array<char, 200> host{};
            std::array<char, 200> service{};
            std::array<char, 200> libc_host{};
            std::array<char, 200> libc_service{};
            EXPECT_EQ(
                posix::getnameinfo(at, sizeof address, host.data(), room, service.data(), room, flags),
                ::getnameinfo(at, sizeof address, libc_host.data(), room, libc_service.data(), room, flags));
            EXPECT_EQ(std::strcmp(host.data(), libc_host.data()), 0) << flags << " " << room;
            EXPECT_EQ(std::strcmp(service.data(), libc_service.data()), 0) << flags << " " << room;
        }
    }
}

TEST_P(PosixNames, QueriesUseTheStateThatTheyAreGivenAndLeaveTheirErrorInIt) {
    const NameServer server(Hosts{{"one.test", "192.0.2.1"}, {"short.example.test", "192.0.2.8"}});
    std::array<unsigned char, 512> answer{};
    const auto room = static_cast<int>(answer.size());
    const int size = posix::res_query("one.test", ns_c_in, ns_t_a, answer.data(), room);
    ASSERT_EQ(size, 12 + 10 + 4 + 16);
    EXPECT_EQ(answer[static_cast<std::size_t>(size) - 1], 1);
    EXPECT_EQ(posix::res_search("short", ns_c_in, ns_t_a, answer.data(), room), 12 + 20 + 4 + 16);
    EXPECT_EQ(posix::res_querydomain("short", "example.test", ns_c_in, ns_t_a, answer.data(), room),
              12 + 20 + 4 + 16);
    EXPECT_EQ(posix::res_query("gone.test", ns_c_in, ns_t_a, answer.data(), room), -1);
    EXPECT_EQ(h_errno, HOST_NOT_FOUND);
    EXPECT_EQ(_res.res_h_errno, HOST_NOT_FOUND);
    EXPECT_EQ(answer[3] & 15, ns_r_nxdomain);
    EXPECT_EQ(posix::res_nquery(&_res, "one.test", ns_c_in, ns_t_aaaa, answer.data(), room), -1);
    EXPECT_EQ(h_errno, NO_DATA);
    std::array<unsigned char, 512> question{};
    const int length =
        ::res_mkquery(ns_o_query, "one.test", ns_c_in, ns_t_a, nullptr, 0, nullptr, question.data(), room);
    EXPECT_EQ(posix::res_send(question.data(), length, answer.data(), room), size);
    EXPECT_EQ(posix::res_nsend(&_res, question.data(), length, answer.data(), 4), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST(PosixNamesOnAThread, AreLibcs) {
    std::thread([] {
        EXPECT_EQ(code_of("localhost"), 0);
        EXPECT_EQ(first_address(posix::gethostbyname("127.0.0.1")), "127.0.0.1");
    }).join();
}

}  // namespace
}  // namespace weft::test
