// Copies of libc's resolver state.
#include "posix/resolver_state.hpp"

#include "posix/libc.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace weft::impl {

namespace {

/// `state` has been copied from one whose text began at `before`, into which its own domains may point.
void redirect(ResolverData& state, const char* before) noexcept {
    for (char*& domain : state.dnsrch) {
        const auto offset =
            reinterpret_cast<std::uintptr_t>(domain) - reinterpret_cast<std::uintptr_t>(before);
        if (offset < sizeof state.defdname) {
            domain = state.defdname + offset;
        }
    }
}

}  // namespace

ResolverState::ResolverState(const ResolverData& from) : state_(from) {
    // Nothing of the copy is seen by the program, so it need not follow changes of the settings (which would give back what only the
    // original holds), and keeps no connection.
    state_.options = (state_.options | RES_NORELOAD) & ~static_cast<unsigned long>(RES_STAYOPEN);
    state_._vcsock = -1;
    state_._flags = 0;
    state_._u._ext.nscount = 0;
    redirect(state_, from.defdname);
    for (int i = 0; i < MAXNS; ++i) {
        state_._u._ext.nssocks[i] = -1;
        state_._u._ext.nsaddrs[i] = nullptr;
    }
    // What is not in the list is an address of IPv6, kept apart. libc frees with free() what it replaces.
    for (int i = 0; i < MAXNS; ++i) {
        const sockaddr_in6* address = from._u._ext.nsaddrs[i];
        if (i < from.nscount && from.nsaddr_list[i].sin_family == 0 && address != nullptr) {
            auto* copy = static_cast<sockaddr_in6*>(std::malloc(sizeof *address));
            if (copy == nullptr) {
                free_addresses();
                throw std::bad_alloc();
            }
            *copy = *address;
            state_._u._ext.nsaddrs[i] = copy;
        }
    }
}

ResolverState::~ResolverState() { free_addresses(); }

void ResolverState::free_addresses() noexcept {
    for (sockaddr_in6*& address : state_._u._ext.nsaddrs) {
        std::free(address);
    }
}

void refresh_own_resolver() noexcept {
    // An address: nothing is looked up, but the state is seen to first.
    hostent host{};
    std::array<char, 512> room;
    hostent* result = nullptr;
    int error = 0;
    libc.gethostbyname_r("0.0.0.0", &host, room.data(), room.size(), &result, &error);
}

void copy_own_resolver(std::optional<ResolverState>& to) {
    if ((_res.options & RES_INIT) != 0) {
        refresh_own_resolver();
        to.emplace(_res);
    }
}

WithResolver::WithResolver(std::optional<ResolverState>& state) noexcept : state_(state), before_(_res) {
    if (state_) {
        _res = *state_->get();
        redirect(_res, state_->get()->defdname);
    }
}

WithResolver::~WithResolver() {
    if (state_) {
        *state_->get() = _res;  // with what libc has allocated for it
        _res = before_;
    }
}

bool is_address(const char* host) noexcept {
    std::array<char, INET6_ADDRSTRLEN> text;
    const std::size_t length = std::strcspn(host, "%");  // a scope may follow
    if (length >= text.size()) {
        return false;
    }
    std::memcpy(text.data(), host, length);
    text[length] = '\0';
    in6_addr address{};
    return (host[length] == '\0' && ::inet_pton(AF_INET, text.data(), &address) == 1) ||
           ::inet_pton(AF_INET6, text.data(), &address) == 1;
}

}  // namespace weft::impl
