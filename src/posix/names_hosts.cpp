// The older ways to look hosts up: what they find lies in room of the caller's, or in room that each fiber has for itself.
#include <weft/posix/names.hpp>

#include "net/resolver_pool.hpp"
#include "posix/libc.hpp"
#include "posix/offload.hpp"
#include "posix/resolver_state.hpp"

#include <weft/core/fiber_local.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace weft::posix {

namespace {

/// What has been found, and the room in which it lies.
struct HostAnswer {
    hostent host{};
    hostent* result = nullptr;
    std::vector<char> room;
    int code = 0;     ///< what libc's function has returned, an errno value
    int error = 0;    ///< errno
    int h_error = 0;  ///< as in h_errno
};

constexpr std::size_t alignment = alignof(std::max_align_t);

/// `ask` is the call with all that it needs; it takes hostent*, char*, size_t, hostent**, int*.
template <class Ask>
struct HostLookup : HostAnswer {
    /// Lays things out as for room at `like`, so that they can be moved there.
    HostLookup(Ask call, const char* like, std::size_t most, bool may_grow)
        : ask(std::move(call)),
          offset(reinterpret_cast<std::uintptr_t>(like) % alignment),
          size(most),
          grows(may_grow) {
        room.resize(size + offset);
        impl::copy_own_resolver(resolver);
    }

    char* begin() noexcept { return room.data() + offset; }

    void work() noexcept {
        const impl::WithResolver with(resolver);
        try {
            for (;;) {
                errno = 0;
                code = ask(&host, begin(), size, &result, &h_error);
                error = errno;
                if (!grows || code != ERANGE || h_error != NETDB_INTERNAL) {
                    return;
                }
                size *= 2;
                room.resize(size + offset);
            }
        } catch (const std::bad_alloc&) {
            code = error = ENOMEM;
            h_error = NETDB_INTERNAL;
        }
    }

    Ask ask;
    std::size_t offset;
    std::size_t size;
    bool grows;
    std::optional<impl::ResolverState> resolver;
};

/// What lies at `from` has been copied to `to`, with pointers that still mean the old place.
struct Move {
    const char* from;
    char* to;
    std::size_t size;

    template <class T>
    void one(T*& pointer) const noexcept {
        const auto at = reinterpret_cast<std::uintptr_t>(pointer) - reinterpret_cast<std::uintptr_t>(from);
        if (at < size) {
            pointer = reinterpret_cast<T*>(to + at);
        }
    }
    void list(char**& entries) const noexcept {
        one(entries);
        for (char** entry = entries; entry != nullptr && *entry != nullptr; ++entry) {
            one(*entry);
        }
    }
};

/// For the calls that are given room: as libc's. `make_ask` makes what a HostLookup calls.
template <class Make>
int find_into(impl::Hub& hub, hostent* to, char* room, std::size_t size, hostent** result, int* h_error,
              Make make_ask) noexcept {
    *result = nullptr;
    int error = impl::begin_call(hub);
    try {
        if (error == 0) {
            auto lookup = std::make_shared<HostLookup<decltype(make_ask())>>(make_ask(), room, size, false);
            error = impl::offload(impl::resolver_pool(), lookup);
            if (error == 0) {
                if (lookup->result != nullptr) {
                    std::memcpy(room, lookup->begin(), size);
                    *to = lookup->host;
                    const Move moved{lookup->begin(), room, size};
                    moved.one(to->h_name);
                    moved.list(to->h_aliases);
                    moved.list(to->h_addr_list);
                    *result = to;
                }
                *h_error = lookup->h_error;
                errno = lookup->error;
                return lookup->code;
            }
        }
    } catch (const std::bad_alloc&) {
        error = ENOMEM;
    }
    *h_error = NETDB_INTERNAL;
    errno = error;
    return error;
}

FiberLocal<std::shared_ptr<HostAnswer>>& last_answer() {
    static auto* last = new FiberLocal<std::shared_ptr<HostAnswer>>;  // fibers may outlive it
    return *last;
}

hostent* not_found(int error, int h_error) noexcept {
    errno = error;
    h_errno = h_error;
    return nullptr;
}

/// For the calls that have room of their own.
template <class Make>
hostent* find(impl::Hub& hub, bool look_up, Make make_ask) noexcept {
    try {
        constexpr std::size_t first_size = 1024;
        auto lookup =
            std::make_shared<HostLookup<decltype(make_ask())>>(make_ask(), nullptr, first_size, true);
        int error = look_up ? impl::begin_call(hub) : 0;
        if (error == 0 && look_up) {
            error = impl::offload(impl::resolver_pool(), lookup);
        } else if (error == 0) {
            lookup->work();
        }
        if (error != 0) {
            return not_found(error, NETDB_INTERNAL);
        }
        if (lookup->result == nullptr) {
            return not_found(lookup->error, lookup->h_error);
        }
        last_answer().get() = lookup;
        return &lookup->host;
    } catch (const std::bad_alloc&) {
        return not_found(ENOMEM, NETDB_INTERNAL);
    }
}

// What libc would not survive it is given as it is.
impl::Hub* hub_for(const void* question) noexcept {
    return question != nullptr ? impl::fiber_hub() : nullptr;
}

auto by_name(const char* name) {
    return [name = std::string(name)](hostent* to, char* room, std::size_t size, hostent** result,
                                      int* error) noexcept {
        return impl::libc.gethostbyname_r(name.c_str(), to, room, size, result, error);
    };
}

auto by_name(const char* name, int family) {
    return [name = std::string(name), family](hostent* to, char* room, std::size_t size, hostent** result,
                                              int* error) noexcept {
        return impl::libc.gethostbyname2_r(name.c_str(), family, to, room, size, result, error);
    };
}

auto by_address(const void* address, socklen_t length, int family) {
    const auto* bytes = static_cast<const char*>(address);
    return [address = std::vector<char>(bytes, bytes + length), family](
               hostent* to, char* room, std::size_t size, hostent** result, int* error) noexcept {
        return impl::libc.gethostbyaddr_r(address.data(), static_cast<socklen_t>(address.size()), family, to,
                                          room, size, result, error);
    };
}

}  // namespace

hostent* gethostbyname(const char* name) noexcept {
    impl::Hub* hub = hub_for(name);
    return hub != nullptr ? find(*hub, !impl::is_address(name), [=] { return by_name(name); })
                          : impl::libc.gethostbyname(name);
}

hostent* gethostbyname2(const char* name, int family) noexcept {
    impl::Hub* hub = hub_for(name);
    return hub != nullptr ? find(*hub, !impl::is_address(name), [=] { return by_name(name, family); })
                          : impl::libc.gethostbyname2(name, family);
}

hostent* gethostbyaddr(const void* address, socklen_t length, int family) noexcept {
    impl::Hub* hub = hub_for(address);
    return hub != nullptr ? find(*hub, true, [=] { return by_address(address, length, family); })
                          : impl::libc.gethostbyaddr(address, length, family);
}

int gethostbyname_r(const char* name, hostent* to, char* room, std::size_t size, hostent** result,
                    int* error) noexcept {
    impl::Hub* hub = hub_for(name);
    return hub != nullptr && !impl::is_address(name)
               ? find_into(*hub, to, room, size, result, error, [=] { return by_name(name); })
               : impl::libc.gethostbyname_r(name, to, room, size, result, error);
}

int gethostbyname2_r(const char* name, int family, hostent* to, char* room, std::size_t size,
                     hostent** result, int* error) noexcept {
    impl::Hub* hub = hub_for(name);
    return hub != nullptr && !impl::is_address(name)
               ? find_into(*hub, to, room, size, result, error, [=] { return by_name(name, family); })
               : impl::libc.gethostbyname2_r(name, family, to, room, size, result, error);
}

int gethostbyaddr_r(const void* address, socklen_t length, int family, hostent* to, char* room,
                    std::size_t size, hostent** result, int* error) noexcept {
    impl::Hub* hub = hub_for(address);
    return hub != nullptr
               ? find_into(*hub, to, room, size, result, error,
                           [=] { return by_address(address, length, family); })
               : impl::libc.gethostbyaddr_r(address, length, family, to, room, size, result, error);
}

}  // namespace weft::posix
