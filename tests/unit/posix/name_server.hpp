// A name server of the test's own, in a fiber of the hub that asks it: whoever blocks the hub gets no answer.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <weft/core/fiber.hpp>
#include <weft/posix/descriptor.hpp>
#include <weft/posix/socket.hpp>

namespace weft::test {

/// Addresses (IPv4) by name.
using Hosts = std::map<std::string, std::string>;

/// Knows the addresses of some names, and that there are no others. The calling thread's resolver state names it as the only
/// server while it lives; names without a dot are looked up in "example.test".
class NameServer {
public:
    explicit NameServer(Hosts addresses) : addresses_(std::move(addresses)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof here;
        posix_bind(reinterpret_cast<sockaddr*>(&here), length);
        ::res_init();
        _res.nscount = 1;
        _res.nsaddr_list[0] = here;
        std::strcpy(_res.defdname, "example.test");
        _res.dnsrch[0] = _res.defdname;
        _res.dnsrch[1] = nullptr;
        serving_ = spawn([this] { serve(); });
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        posix::close(socket_);
        serving_.join();
        ::res_init();
    }

    /// What it has been asked for, in lower case, in order.
    std::vector<std::string> asked;

private:
    void posix_bind(sockaddr* here, socklen_t& length) {
        static_cast<void>(::bind(socket_, here, length));
        static_cast<void>(::getsockname(socket_, here, &length));
    }

    void serve() {
        std::array<char, 512> question{};
        sockaddr_in from{};
        for (;;) {
            socklen_t length = sizeof from;
            const ssize_t size = posix::recvfrom(socket_, question.data(), question.size(), 0,
                                                 reinterpret_cast<sockaddr*>(&from), &length);
            if (size < 0) {
                return;
            }
            const std::string answer = answer_to({question.data(), static_cast<std::size_t>(size)});
            posix::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
                          length);
        }
    }

    std::string answer_to(std::string_view question) {
        constexpr std::size_t header = 12;
        std::string name;
        std::size_t at = header;
        while (question[at] != 0) {
            const auto label = static_cast<std::size_t>(question[at]);
            name += (name.empty() ? "" : ".") + std::string(question.substr(at + 1, label));
            at += label + 1;
        }
        asked.push_back(name);
        const bool is_a = question[at + 2] == 1;
        const auto known = addresses_.find(name);
        const bool found = known != addresses_.end();
        std::string answer(question.substr(0, 2));
        answer += std::string("\x81", 1) + (found ? '\x80' : '\x83');
        answer += std::string("\0\1\0", 3) + (found && is_a ? '\1' : '\0') + std::string(4, '\0');
        answer += question.substr(header, at + 5 - header);
        if (found && is_a) {
            in_addr address{};
            ::inet_pton(AF_INET, known->second.c_str(), &address);
            answer += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
            answer.append(reinterpret_cast<const char*>(&address), sizeof address);
        }
        return answer;
    }

    Hosts addresses_;
    int socket_ = posix::socket(AF_INET, SOCK_DGRAM, 0);
    Fiber<> serving_;
};

}  // namespace weft::test
