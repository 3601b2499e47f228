// glibc's resolver, asked for its own kind of records: resolver_client COUNT PORT.
// Each fiber has a resolver state of its own, which leads to the server at that port.
#include "many.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

class Resolver {
public:
    explicit Resolver(std::uint16_t port) {
        clients::require(res_ninit(&state_) == 0, "res_ninit");
        state_.nscount = 1;
        state_.nsaddr_list[0].sin_family = AF_INET;
        state_.nsaddr_list[0].sin_port = htons(port);
        state_.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        state_.retrans = 15;  // seconds: a busy machine is no reason to ask twice
        state_.retry = 1;
    }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver() { res_nclose(&state_); }

    /// The data of the only answer; "" for none.
    std::string ask(const std::string& name, ns_type type) {
        unsigned char answer[2048];
        const int size = res_nquery(&state_, name.c_str(), ns_c_in, type, answer, sizeof answer);
        if (size < 0) {
            clients::require(state_.res_h_errno == HOST_NOT_FOUND,
                             "res_nquery: " + std::string(hstrerror(state_.res_h_errno)));
            return "";
        }
        ns_msg message;
        ns_rr record;
        clients::require(ns_initparse(answer, size, &message) == 0 && ns_msg_count(message, ns_s_an) == 1 &&
                             ns_parserr(&message, ns_s_an, 0, &record) == 0,
                         "another form of answer");
        return {reinterpret_cast<const char*>(ns_rr_rdata(record)), ns_rr_rdlen(record)};
    }

private:
    struct __res_state state_ = {};
};

void request(std::uint16_t port, std::size_t number) {
    Resolver resolver(port);
    const std::string name = "host" + std::to_string(number) + ".test";
    switch (number % 3) {
        case 0: {
            const std::string address = {10, 0, static_cast<char>(number >> 8), static_cast<char>(number)};
            clients::require(resolver.ask(name, ns_t_a) == address, "another address");
            break;
        }
        case 1: {
            const std::string text = "text of " + name;
            clients::require(resolver.ask(name, ns_t_txt) == static_cast<char>(text.size()) + text,
                             "another text");
            break;
        }
        default:
            clients::require(resolver.ask("no-" + name, ns_t_a).empty(), "an answer for nobody");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    return clients::run_many(std::strtoul(argv[1], nullptr, 10),
                             [&](std::size_t number) { request(port, number); });
}
