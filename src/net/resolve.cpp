// Looking names up with getaddrinfo in the thread pool.
#include <weft/net/resolve.hpp>

#include "base/sys.hpp"
#include "net/look_up.hpp"
#include "net/resolver_pool.hpp"

#include <weft/base/error.hpp>
#include <weft/core/run.hpp>

#include <cerrno>
#include <charconv>
#include <string>

namespace weft::net {

namespace {

class ResolveCategory final : public std::error_category {
public:
    const char* name() const noexcept override { return "weft.resolve"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
    std::error_condition default_error_condition(int code) const noexcept override {
        return code == EAI_MEMORY ? std::make_error_condition(std::errc::not_enough_memory)
                                  : std::error_condition(code, *this);
    }
};

struct Answer {
    std::vector<Endpoint> endpoints;
    std::error_code error;
};

/// Runs in a thread of the pool; the caller may have left, so all that it uses is its own.
Answer ask_libc(const HostPort& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;  // one entry per address, not one per protocol
    addrinfo* list = nullptr;
    Answer answer;
    const char* host = name.host.empty() ? nullptr : name.host.c_str();
    const char* service = name.port.empty() ? nullptr : name.port.c_str();
    const int code = impl::sys.getaddrinfo(host, service, &hints, &list);
    if (code != 0) {
        answer.error = code == EAI_SYSTEM ? std::error_code(errno, std::system_category())
                                          : std::error_code(code, resolve_category());
        return answer;
    }
    struct Free {
        addrinfo* list;
        ~Free() { impl::sys.freeaddrinfo(list); }
    } free{list};
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) {
            answer.endpoints.push_back(Endpoint::from(entry->ai_addr, entry->ai_addrlen));
        }
    }
    return answer;
}

std::optional<std::uint16_t> numeric_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool all = error == std::errc() && rest == text.data() + text.size() && !text.empty();
    return all ? std::optional(port) : std::nullopt;
}

[[noreturn]] void fail(const HostPort& name, std::error_code error) {
    const std::string what = "resolve '" + name.host + "' (service '" + name.port + "')";
    if (error == std::errc::timed_out) {
        throw TimeoutError(what);
    }
    throw std::system_error(error, what);
}

}  // namespace

const std::error_category& resolve_category() noexcept {
    static const ResolveCategory category;
    return category;
}

ResolverLoad resolver_load() {
    const ThreadPool& pool = impl::resolver_pool();
    return {.threads = pool.threads(), .max_threads = pool.max_threads(), .queued = pool.queued()};
}

std::vector<Endpoint> resolve(std::string_view host, std::string_view service, Deadline deadline) {
    return impl::look_up({std::string(host), std::string(service)}, deadline);
}

std::vector<Endpoint> resolve(std::string_view host, std::string_view service, Deadline deadline,
                              std::error_code& error) {
    return impl::look_up({std::string(host), std::string(service)}, deadline, error);
}

}  // namespace weft::net

namespace weft::impl {

ThreadPool& resolver_pool() {
    // A resolver that does not answer holds its thread for long (libc's default: 5 s, tried twice per server), so many have to be
    // there; they end when they have been idle.
    constexpr std::size_t most = 128;
    static auto* pool = new ThreadPool(most);
    return *pool;
}

std::vector<net::Endpoint> look_up(const net::HostPort& name, Deadline& deadline, std::error_code& error) {
    error.clear();
    const auto port = net::numeric_port(name.port);
    const auto address = port ? net::Address::try_parse(name.host) : std::nullopt;
    if (address) {
        return {net::Endpoint(*address, *port)};
    }
    try {
        if (deadline.is_relative()) {
            deadline.fix(now());
        }
        // A caller who leaves abandons the look-up, which owns what it uses.
        net::Answer answer = resolver_pool().submit([name] { return net::ask_libc(name); }).get(deadline);
        error = answer.error;
        return std::move(answer.endpoints);
    } catch (const std::system_error& failure) {
        error = failure.code();  // its time is up, or there is no thread
        return {};
    }
}

std::vector<net::Endpoint> look_up(const net::HostPort& name, Deadline& deadline) {
    std::error_code error;
    auto endpoints = look_up(name, deadline, error);
    if (error) {
        net::fail(name, error);
    }
    return endpoints;
}

}  // namespace weft::impl
