// Hosts and services by name, and names of addresses: libc's resolver, in a thread of the resolver's pool.
#include <weft/posix/names.hpp>

#include "net/resolver_pool.hpp"
#include "posix/libc.hpp"
#include "posix/offload.hpp"
#include "posix/resolver_state.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace weft::posix {

namespace {

using impl::ResolverState;

std::optional<std::string> text_of(const char* text) {
    return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

const char* c_str(const std::optional<std::string>& text) noexcept { return text ? text->c_str() : nullptr; }

/// What getaddrinfo() or getnameinfo() returns instead of an answer.
int no_answer(int error) noexcept {
    if (error == ENOMEM) {
        return EAI_MEMORY;
    }
    errno = error;
    return EAI_SYSTEM;
}

struct AddressLookup {
    AddressLookup(const char* node_name, const char* service_name, const addrinfo* wanted)
        : node(text_of(node_name)), service(text_of(service_name)), hinted(wanted != nullptr) {
        if (hinted) {
            hints = *wanted;
        }
        impl::copy_own_resolver(resolver);
    }
    AddressLookup(const AddressLookup&) = delete;
    AddressLookup& operator=(const AddressLookup&) = delete;
    ~AddressLookup() {
        if (list != nullptr) {
            impl::sys.freeaddrinfo(list);
        }
    }

    void work() noexcept {
        const impl::WithResolver with(resolver);
        code = impl::sys.getaddrinfo(c_str(node), c_str(service), hinted ? &hints : nullptr, &list);
        error = errno;
    }

    std::optional<std::string> node;
    std::optional<std::string> service;
    addrinfo hints{};
    bool hinted;
    std::optional<ResolverState> resolver;
    addrinfo* list = nullptr;
    int code = 0;
    int error = 0;
};

struct NameLookup {
    NameLookup(const sockaddr* of, socklen_t length, socklen_t host_room, socklen_t service_room, int how)
        : address(length), host(host_room), service(service_room), flags(how) {
        std::memcpy(address.data(), of, length);
        impl::copy_own_resolver(resolver);
    }

    void work() noexcept {
        const impl::WithResolver with(resolver);
        code = impl::libc.getnameinfo(reinterpret_cast<const sockaddr*>(address.data()),
                                      static_cast<socklen_t>(address.size()), part(host), size_of(host),
                                      part(service), size_of(service), flags);
        error = errno;
    }

    static char* part(std::vector<char>& room) noexcept { return room.empty() ? nullptr : room.data(); }
    static socklen_t size_of(const std::vector<char>& room) noexcept {
        return static_cast<socklen_t>(room.size());
    }
    static void take(const std::vector<char>& from, char* to) noexcept {
        if (!from.empty()) {
            std::memcpy(to, from.data(), std::strlen(from.data()) + 1);
        }
    }

    std::vector<char> address;
    std::vector<char> host;
    std::vector<char> service;
    int flags;
    std::optional<ResolverState> resolver;
    int code = 0;
    int error = 0;
};

/// Has a look-up done in a thread: 0, or what to return.
template <class Lookup>
int look_up(impl::Hub& hub, const std::shared_ptr<Lookup>& lookup) noexcept {
    int error = impl::begin_call(hub);
    if (error == 0) {
        error = impl::offload(impl::resolver_pool(), lookup);
    }
    if (error != 0) {
        return no_answer(error);
    }
    if (lookup->code == EAI_SYSTEM) {
        errno = lookup->error;
    }
    return lookup->code;
}

bool all_digits(const char* text) noexcept { return text[std::strspn(text, "0123456789")] == '\0'; }

/// Whether libc has nothing to look up.
bool is_numeric(const char* node, const char* service, const addrinfo* hints) noexcept {
    const int flags = hints != nullptr ? hints->ai_flags : 0;
    const bool host = node == nullptr || (flags & AI_NUMERICHOST) != 0 || impl::is_address(node);
    return host && (service == nullptr || (flags & AI_NUMERICSERV) != 0 || all_digits(service));
}

bool wants_numbers(bool host, bool service, int flags) noexcept {
    return (!host || (flags & NI_NUMERICHOST) != 0) && (!service || (flags & NI_NUMERICSERV) != 0);
}

}  // namespace

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** list) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    if (hub == nullptr || is_numeric(node, service, hints)) {
        return impl::sys.getaddrinfo(node, service, hints, list);
    }
    try {
        const auto lookup = std::make_shared<AddressLookup>(node, service, hints);
        const int code = look_up(*hub, lookup);
        if (code == 0) {
            *list = std::exchange(lookup->list, nullptr);
        }
        return code;
    } catch (const std::bad_alloc&) {
        return EAI_MEMORY;
    }
}

int getnameinfo(const sockaddr* address, socklen_t length, char* host, socklen_t host_room, char* service,
                socklen_t service_room, int flags) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    const socklen_t for_host = host != nullptr ? host_room : 0;
    const socklen_t for_service = service != nullptr ? service_room : 0;
    if (hub == nullptr || address == nullptr || wants_numbers(for_host != 0, for_service != 0, flags)) {
        return impl::libc.getnameinfo(address, length, host, host_room, service, service_room, flags);
    }
    try {
        const auto lookup = std::make_shared<NameLookup>(address, length, for_host, for_service, flags);
        const int code = look_up(*hub, lookup);
        if (code == 0) {
            NameLookup::take(lookup->host, host);
            NameLookup::take(lookup->service, service);
        }
        return code;
    } catch (const std::bad_alloc&) {
        return EAI_MEMORY;
    }
}

}  // namespace weft::posix
