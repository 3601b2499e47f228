// Looking names up as programs do, with the machine's settings: lookup_client COUNT.
// Mostly getaddrinfo; now and then the calls that are older, and the way from address to name.
#include "many.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Infos = clients::Owned<addrinfo, freeaddrinfo>;

std::string name_of(std::size_t number) { return "host" + std::to_string(number) + ".test"; }

std::string address_of(std::size_t number) {
    return "10.0." + std::to_string(number / 256) + "." + std::to_string(number % 256);
}

std::string text(const sockaddr* address, socklen_t size) {
    char host[NI_MAXHOST];
    const int error = getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    clients::require(error == 0, gai_strerror(error));
    return host;
}

void by_getaddrinfo(std::size_t number, int family) {
    addrinfo hints = {};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int error = getaddrinfo(name_of(number).c_str(), "443", &hints, &list);
    clients::require(error == 0, std::string("getaddrinfo: ") + gai_strerror(error));
    const Infos owned(list);
    std::vector<std::string> found;
    for (const addrinfo* info = list; info != nullptr; info = info->ai_next)
        found.push_back(text(info->ai_addr, info->ai_addrlen));
    std::sort(found.begin(), found.end());
    std::vector<std::string> wanted = {address_of(number)};
    if (family == AF_UNSPEC) wanted.push_back("fd00::1:" + std::to_string(number));
    clients::require(found == wanted, "getaddrinfo: other addresses");
}

void for_nobody(std::size_t number) {
    addrinfo* list = nullptr;
    const int error = getaddrinfo(("no-" + name_of(number)).c_str(), nullptr, nullptr, &list);
    clients::require(error == EAI_NONAME, std::string("getaddrinfo for nobody: ") + gai_strerror(error));
}

void by_getnameinfo(std::size_t number) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = inet_addr(address_of(number).c_str());
    char host[NI_MAXHOST];
    const int error = getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, host,
                                  sizeof host, nullptr, 0, NI_NAMEREQD);
    clients::require(error == 0, std::string("getnameinfo: ") + gai_strerror(error));
    clients::require(host == name_of(number), "getnameinfo: another name");
}

void expect_entry(const hostent* entry, std::size_t number) {
    clients::require(entry != nullptr, "gethostbyname: nothing found");
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, entry->h_addr_list[0], host, sizeof host);
    clients::require(host == address_of(number), "gethostbyname: another address");
}

/// The entry is libc's, and stands until this thread asks for the next one.
void by_gethostbyname(std::size_t number) { expect_entry(gethostbyname(name_of(number).c_str()), number); }

void by_gethostbyname_r(std::size_t number) {
    hostent entry = {};
    hostent* found = nullptr;
    std::vector<char> buffer(4096);
    int reason = 0;
    const int error =
        gethostbyname_r(name_of(number).c_str(), &entry, buffer.data(), buffer.size(), &found, &reason);
    clients::require(error == 0 && found == &entry, "gethostbyname_r");
    expect_entry(found, number);
}

/// The thread's own resolver state. The answer ends with the address.
void by_res_query(std::size_t number) {
    std::string answer(512, '\0');
    const int size =
        res_query(name_of(number).c_str(), ns_c_in, ns_t_a, reinterpret_cast<unsigned char*>(answer.data()),
                  static_cast<int>(answer.size()));
    clients::require(size > 12, std::string("res_query: ") + hstrerror(h_errno));
    const std::string address = {10, 0, static_cast<char>(number >> 8), static_cast<char>(number)};
    answer.resize(static_cast<std::size_t>(size));
    clients::require(answer.ends_with(address), "res_query: another address");
}

void request(std::size_t number) {
    switch (number % 10) {
        case 5:
            return by_res_query(number);
        case 6:
            return for_nobody(number);
        case 7:
            return by_getnameinfo(number);
        case 8:
            return by_gethostbyname(number);
        case 9:
            return by_gethostbyname_r(number);
        default:
            return by_getaddrinfo(number, number % 2 == 0 ? AF_UNSPEC : AF_INET);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    return clients::run_many(std::strtoul(argv[1], nullptr, 10), request);
}
