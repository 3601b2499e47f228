// Queries to the name servers themselves: libc's calls with a resolver state, run with a copy of it in a thread.
#include <weft/posix/names.hpp>

#include "net/resolver_pool.hpp"
#include "posix/libc.hpp"
#include "posix/offload.hpp"
#include "posix/resolver_state.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace weft::posix {

namespace {

/// `ask` is the call with all that it needs; it takes res_state, unsigned char*, int.
template <class Ask>
struct Query {
    Query(const impl::ResolverData& state, Ask call, const unsigned char* there, int size)
        : resolver(state), ask(std::move(call)), answer(there, there + std::max(size, 0)), room(size) {}

    void work() noexcept {
        result = ask(resolver.get(), answer.data(), room);
        error = errno;
        h_error = h_errno;
    }

    impl::ResolverState resolver;
    Ask ask;
    std::vector<unsigned char> answer;  // begins as the caller's: libc does not write all of it
    int room;
    int result = 0;
    int error = 0;
    int h_error = 0;
};

int no_answer(res_state state, int error) noexcept {
    state->res_h_errno = h_errno = NETDB_INTERNAL;
    return impl::fail(error);
}

/// `make_ask` makes what a Query calls.
template <class Make>
int query(impl::Hub& hub, res_state state, unsigned char* answer, int room, Make make_ask) noexcept {
    if (const int error = impl::begin_call(hub); error != 0) {
        return no_answer(state, error);
    }
    try {
        const auto job = std::make_shared<Query<decltype(make_ask())>>(*state, make_ask(), answer, room);
        if (const int error = impl::offload(impl::resolver_pool(), job); error != 0) {
            return no_answer(state, error);
        }
        std::copy(job->answer.begin(), job->answer.end(), answer);
        state->res_h_errno = job->resolver.get()->res_h_errno;
        h_errno = job->h_error;
        errno = job->error;
        return job->result;
    } catch (const std::bad_alloc&) {
        return no_answer(state, ENOMEM);
    }
}

impl::Hub* hub_for(res_state state, const void* question, const unsigned char* answer) noexcept {
    // What libc would not survive it is given as it is.
    return state != nullptr && question != nullptr && answer != nullptr ? impl::fiber_hub() : nullptr;
}

res_state own_state() noexcept {
    impl::refresh_own_resolver();
    return &_res;
}

}  // namespace

int res_nquery(res_state state, const char* name, int net_class, int type, unsigned char* answer,
               int room) noexcept {
    impl::Hub* hub = hub_for(state, name, answer);
    if (hub == nullptr) {
        return impl::libc.res_nquery(state, name, net_class, type, answer, room);
    }
    return query(*hub, state, answer, room, [&] {
        return [name = std::string(name), net_class, type](res_state with, unsigned char* to,
                                                           int size) noexcept {
            return impl::libc.res_nquery(with, name.c_str(), net_class, type, to, size);
        };
    });
}

int res_nsearch(res_state state, const char* name, int net_class, int type, unsigned char* answer,
                int room) noexcept {
    impl::Hub* hub = hub_for(state, name, answer);
    if (hub == nullptr) {
        return impl::libc.res_nsearch(state, name, net_class, type, answer, room);
    }
    return query(*hub, state, answer, room, [&] {
        return [name = std::string(name), net_class, type](res_state with, unsigned char* to,
                                                           int size) noexcept {
            return impl::libc.res_nsearch(with, name.c_str(), net_class, type, to, size);
        };
    });
}

int res_nquerydomain(res_state state, const char* name, const char* domain, int net_class, int type,
                     unsigned char* answer, int room) noexcept {
    impl::Hub* hub = hub_for(state, name, answer);
    if (hub == nullptr) {
        return impl::libc.res_nquerydomain(state, name, domain, net_class, type, answer, room);
    }
    return query(*hub, state, answer, room, [&] {
        return [name = std::string(name), whole = domain == nullptr,
                domain = std::string(domain != nullptr ? domain : ""), net_class,
                type](res_state with, unsigned char* to, int size) noexcept {
            return impl::libc.res_nquerydomain(with, name.c_str(), whole ? nullptr : domain.c_str(),
                                               net_class, type, to, size);
        };
    });
}

int res_nsend(res_state state, const unsigned char* question, int length, unsigned char* answer,
              int room) noexcept {
    impl::Hub* hub = length >= 0 ? hub_for(state, question, answer) : nullptr;
    if (hub == nullptr) {
        return impl::libc.res_nsend(state, question, length, answer, room);
    }
    return query(*hub, state, answer, room, [&] {
        return [question = std::vector<unsigned char>(question, question + length)](
                   res_state with, unsigned char* to, int size) noexcept {
            return impl::libc.res_nsend(with, question.data(), static_cast<int>(question.size()), to, size);
        };
    });
}

int res_query(const char* name, int net_class, int type, unsigned char* answer, int room) noexcept {
    return impl::fiber_hub() != nullptr ? posix::res_nquery(own_state(), name, net_class, type, answer, room)
                                        : impl::libc.res_query(name, net_class, type, answer, room);
}

int res_search(const char* name, int net_class, int type, unsigned char* answer, int room) noexcept {
    return impl::fiber_hub() != nullptr ? posix::res_nsearch(own_state(), name, net_class, type, answer, room)
                                        : impl::libc.res_search(name, net_class, type, answer, room);
}

int res_querydomain(const char* name, const char* domain, int net_class, int type, unsigned char* answer,
                    int room) noexcept {
    return impl::fiber_hub() != nullptr
               ? posix::res_nquerydomain(own_state(), name, domain, net_class, type, answer, room)
               : impl::libc.res_querydomain(name, domain, net_class, type, answer, room);
}

int res_send(const unsigned char* question, int size, unsigned char* answer, int room) noexcept {
    return impl::fiber_hub() != nullptr ? posix::res_nsend(own_state(), question, size, answer, room)
                                        : impl::libc.res_send(question, size, answer, room);
}

}  // namespace weft::posix
