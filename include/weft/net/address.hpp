// Addresses as values: an IP address, and an endpoint (IP address with port, or Unix-domain path).
#pragma once

#include <weft/base/export.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::net {

/// An IPv4 or IPv6 address. The empty one is 0.0.0.0.
class WEFT_API Address {
public:
    Address() noexcept = default;

    [[nodiscard]] static Address any_v4() noexcept { return {}; }
    [[nodiscard]] static Address any_v6() noexcept;
    [[nodiscard]] static Address loopback_v4() noexcept;
    [[nodiscard]] static Address loopback_v6() noexcept;
    [[nodiscard]] static Address from(const in_addr& address) noexcept;
    [[nodiscard]] static Address from(const in6_addr& address, std::uint32_t scope = 0) noexcept;

    /// Reads "192.0.2.7", "2001:db8::1" or "fe80::1%eth0" (brackets allowed around IPv6).
    /// Errors: std::invalid_argument that names the text and the valid form.
    [[nodiscard]] static Address parse(std::string_view text);
    /// The same, empty where the text is not a numeric address.
    [[nodiscard]] static std::optional<Address> try_parse(std::string_view text);

    [[nodiscard]] bool is_v4() const noexcept { return !six_; }
    [[nodiscard]] bool is_v6() const noexcept { return six_; }
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_unspecified() const noexcept;
    /// The IPv6 scope (interface number); 0 without one.
    [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }
    [[nodiscard]] in_addr v4() const noexcept;
    [[nodiscard]] in6_addr v6() const noexcept;
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Address&, const Address&) noexcept = default;
    friend std::strong_ordering operator<=>(const Address&, const Address&) noexcept = default;

private:
    bool six_ = false;
    std::uint8_t bytes_[16] = {};
    std::uint32_t scope_ = 0;
};

/// Where a socket is or goes to: an IP address with a port, or a Unix-domain name. Holds a ready `sockaddr`.
class WEFT_API Endpoint {
public:
    /// No address at all (family AF_UNSPEC), as a Unix client has that is not bound.
    Endpoint() noexcept;
    Endpoint(const Address& address, std::uint16_t port) noexcept;

    /// Reads "127.0.0.1:80", "[::1]:80", ":80" (every IPv4 interface), "unix:/run/x.sock" or
    /// "unix:@abstract". Errors: std::invalid_argument that names the text and the valid form.
    [[nodiscard]] static Endpoint parse(std::string_view text);
    /// A Unix-domain name: a path, or an abstract name that begins with '@' (or with a zero byte).
    /// Errors: std::invalid_argument when empty or longer than 107 bytes.
    [[nodiscard]] static Endpoint unix_path(std::string_view path);
    /// Errors: std::invalid_argument when the size does not fit the family, or the family is not known.
    [[nodiscard]] static Endpoint from(const sockaddr* address, socklen_t size);

    [[nodiscard]] int family() const noexcept { return storage_.base.sa_family; }
    [[nodiscard]] bool is_ip() const noexcept { return family() == AF_INET || family() == AF_INET6; }
    [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
    /// The IP address; 0.0.0.0 where there is none.
    [[nodiscard]] Address address() const noexcept;
    /// The port; 0 where there is none.
    [[nodiscard]] std::uint16_t port() const noexcept;
    void set_port(std::uint16_t port) noexcept;
    /// The Unix-domain path, abstract names with a leading '@'; empty where there is none.
    [[nodiscard]] std::string path() const;

    /// "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock", "unix:@abstract", "unix:(unnamed)" or "(none)".
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] const sockaddr* data() const noexcept { return &storage_.base; }
    [[nodiscard]] socklen_t size() const noexcept { return size_; }

    friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept;

private:
    union Storage {
        sockaddr base;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un local;
    };
    Storage storage_;
    socklen_t size_;
};

/// A host and a service as written, not looked up yet.
struct HostPort {
    std::string host;
    std::string port;
};

/// Splits "host:port", "[::1]:80" or ":80" (then `host` is empty). The port is a number or a service name.
/// Errors: std::invalid_argument that names the text and the valid form.
[[nodiscard]] WEFT_API HostPort split_host_port(std::string_view text);

/// Reads a port number, 0 to 65535. Errors: std::invalid_argument that names the text and the valid form.
[[nodiscard]] WEFT_API std::uint16_t parse_port(std::string_view text);

}  // namespace weft::net
