// Parsing and printing of addresses and endpoints.
#include <weft/net/address.hpp>

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace weft::net {

namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

[[noreturn]] void malformed(std::string_view what, std::string_view text, std::string_view valid) {
    std::string message("malformed ");
    message.append(what).append(" '").append(text).append("': expected ").append(valid);
    throw std::invalid_argument(message);
}

std::optional<std::uint32_t> parse_scope(const std::string& name) {
    std::uint32_t number = 0;
    const char* end = name.data() + name.size();
    if (auto [rest, error] = std::from_chars(name.data(), end, number); error == std::errc() && rest == end)
        return number;
    if (unsigned index = ::if_nametoindex(name.c_str()); index != 0) return index;
    return std::nullopt;
}

std::optional<std::uint16_t> try_parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
    return port;
}

constexpr std::string_view endpoint_form =
    "HOST:PORT such as 127.0.0.1:80, [IPV6]:PORT such as [::1]:80, :PORT, or unix:PATH";
constexpr std::string_view host_port_form = "HOST:PORT such as example.org:80 or [::1]:80";

/// Splits at the last colon; brackets guard the colons of an IPv6 host. Empty where the form is wrong.
std::optional<HostPort> try_split(std::string_view text) {
    std::string_view host;
    std::string_view rest;
    if (text.starts_with('[')) {
        auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        if (host.empty()) return std::nullopt;
    } else {
        auto colon = text.find(':');
        if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
            return std::nullopt;
        host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    if (rest.size() < 2 || rest.front() != ':') return std::nullopt;
    return HostPort{std::string(host), std::string(rest.substr(1))};
}

}  // namespace

Address Address::any_v6() noexcept { return from(in6addr_any); }
Address Address::loopback_v6() noexcept { return from(in6addr_loopback); }
Address Address::loopback_v4() noexcept { return from(in_addr{htonl(INADDR_LOOPBACK)}); }

Address Address::from(const in_addr& address) noexcept {
    Address result;
    std::memcpy(result.bytes_, &address, sizeof address);
    return result;
}

Address Address::from(const in6_addr& address, std::uint32_t scope) noexcept {
    Address result;
    result.six_ = true;
    result.scope_ = scope;
    std::memcpy(result.bytes_, &address, sizeof address);
    return result;
}

std::optional<Address> Address::try_parse(std::string_view text) {
    if (text.size() > 2 && text.starts_with('[') && text.ends_with(']'))
        text = text.substr(1, text.size() - 2);
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    auto percent = text.find('%');
    std::string host(text.substr(0, percent));
    if (in_addr four{}; percent == std::string_view::npos && ::inet_pton(AF_INET, host.c_str(), &four) == 1)
        return from(four);
    in6_addr six{};
    if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return std::nullopt;
    if (percent == std::string_view::npos) return from(six);
    auto scope = parse_scope(std::string(text.substr(percent + 1)));
    if (!scope) return std::nullopt;
    return from(six, *scope);
}

Address Address::parse(std::string_view text) {
    if (auto address = try_parse(text)) return *address;
    malformed("address", text, "IPv4 such as 192.0.2.7 or IPv6 such as 2001:db8::1 or fe80::1%eth0");
}

bool Address::is_loopback() const noexcept { return six_ ? *this == loopback_v6() : bytes_[0] == 127; }

bool Address::is_unspecified() const noexcept { return *this == (six_ ? any_v6() : any_v4()); }

in_addr Address::v4() const noexcept {
    in_addr result;
    std::memcpy(&result, bytes_, sizeof result);
    return result;
}

in6_addr Address::v6() const noexcept {
    in6_addr result;
    std::memcpy(&result, bytes_, sizeof result);
    return result;
}

std::string Address::to_string() const {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(six_ ? AF_INET6 : AF_INET, bytes_, text, sizeof text);
    std::string result(text);
    if (scope_ != 0) {
        char name[IF_NAMESIZE];
        result += '%';
        result += ::if_indextoname(scope_, name) != nullptr ? std::string(name) : std::to_string(scope_);
    }
    return result;
}

Endpoint::Endpoint() noexcept : size_(sizeof(sa_family_t)) {
    std::memset(&storage_, 0, sizeof storage_);
    storage_.base.sa_family = AF_UNSPEC;
}

Endpoint::Endpoint(const Address& address, std::uint16_t port) noexcept : Endpoint() {
    if (address.is_v6()) {
        storage_.v6.sin6_family = AF_INET6;
        storage_.v6.sin6_addr = address.v6();
        storage_.v6.sin6_scope_id = address.scope();
        size_ = sizeof(sockaddr_in6);
    } else {
        storage_.v4.sin_family = AF_INET;
        storage_.v4.sin_addr = address.v4();
        size_ = sizeof(sockaddr_in);
    }
    set_port(port);
}

Endpoint Endpoint::parse(std::string_view text) {
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) return unix_path(text.substr(unix_prefix.size()));
    auto parts = try_split(text);
    auto port = parts ? try_parse_port(parts->port) : std::nullopt;
    auto address = !parts                ? std::nullopt
                   : parts->host.empty() ? std::optional(Address::any_v4())
                                         : Address::try_parse(parts->host);
    if (!address || !port) malformed("endpoint", text, endpoint_form);
    return {*address, *port};
}

Endpoint Endpoint::unix_path(std::string_view path) {
    Endpoint result;
    auto& local = result.storage_.local;
    if (path.empty() || path.size() >= sizeof local.sun_path)
        malformed("Unix socket path", path, "1 to 107 bytes, '@' first for an abstract name");
    const bool abstract = path.front() == '@' || path.front() == '\0';
    if (!abstract && path.find('\0') != std::string_view::npos)
        malformed("Unix socket path", path.substr(0, path.find('\0')), "a path without zero bytes");
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.data(), path.size());
    if (abstract) local.sun_path[0] = '\0';
    // An abstract name is as long as its size says; a path ends at its zero byte, which counts.
    result.size_ = static_cast<socklen_t>(path_offset + path.size() + (abstract ? 0 : 1));
    return result;
}

Endpoint Endpoint::from(const sockaddr* address, socklen_t size) {
    Endpoint result;
    if (address == nullptr || size < sizeof(sa_family_t) || address->sa_family == AF_UNSPEC) return result;
    const sa_family_t family = address->sa_family;
    const bool fits = (family == AF_INET && size >= sizeof(sockaddr_in)) ||
                      (family == AF_INET6 && size >= sizeof(sockaddr_in6)) ||
                      (family == AF_UNIX && size <= sizeof(sockaddr_un));
    if (!fits)
        malformed("socket address",
                  "family " + std::to_string(family) + ", " + std::to_string(size) + " bytes",
                  "AF_INET, AF_INET6 or AF_UNIX of a fitting size");
    result.size_ = family == AF_INET ? sizeof(sockaddr_in) : family == AF_INET6 ? sizeof(sockaddr_in6) : size;
    std::memcpy(&result.storage_, address, result.size_);
    return result;
}

Address Endpoint::address() const noexcept {
    if (family() == AF_INET6) return Address::from(storage_.v6.sin6_addr, storage_.v6.sin6_scope_id);
    return family() == AF_INET ? Address::from(storage_.v4.sin_addr) : Address();
}

std::uint16_t Endpoint::port() const noexcept {
    if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
    return family() == AF_INET ? ntohs(storage_.v4.sin_port) : std::uint16_t{0};
}

void Endpoint::set_port(std::uint16_t port) noexcept {
    if (family() == AF_INET6)
        storage_.v6.sin6_port = htons(port);
    else if (family() == AF_INET)
        storage_.v4.sin_port = htons(port);
}

std::string Endpoint::path() const {
    if (!is_unix() || size_ <= path_offset) return {};
    const std::size_t length = size_ - path_offset;
    const char* name = storage_.local.sun_path;
    if (name[0] == '\0') return std::string("@").append(name + 1, length - 1);
    return {name, ::strnlen(name, length)};
}

std::string Endpoint::to_string() const {
    switch (family()) {
        case AF_INET:
            return address().to_string() + ':' + std::to_string(port());
        case AF_INET6:
            return '[' + address().to_string() + "]:" + std::to_string(port());
        case AF_UNIX:
            return "unix:" + (size_ > path_offset ? path() : std::string("(unnamed)"));
        default:
            return "(none)";
    }
}

bool operator==(const Endpoint& a, const Endpoint& b) noexcept {
    if (a.is_ip() && b.is_ip()) return a.address() == b.address() && a.port() == b.port();
    return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

HostPort split_host_port(std::string_view text) {
    if (auto parts = try_split(text)) return *parts;
    malformed("address", text, host_port_form);
}

std::uint16_t parse_port(std::string_view text) {
    if (auto port = try_parse_port(text)) return *port;
    malformed("port", text, "a number from 0 to 65535");
}

}  // namespace weft::net
