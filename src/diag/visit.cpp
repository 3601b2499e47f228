// Taking samples of hubs from any thread.
#include "diag/visit.hpp"

#include "base/error.hpp"
#include "base/helper_thread.hpp"
#include "base/sys.hpp"
#include "core/debugger.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "diag/frames.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace weft::impl {

namespace {

constexpr std::int64_t patience_ns = 100'000'000;

// Who has begun a sample finishes it.
constexpr std::uint32_t open = 0;
constexpr std::uint32_t begun = 1;
constexpr std::uint32_t done = 2;

/// A sample that has been asked for. It lives until both the asker and the hub's inbox are through with it.
struct Request : InboxItem {
    explicit Request(const SampleSize& size) : sample(size) {}

    HubSample sample;
    std::size_t frames = 0;
    Whom whom = Whom::all;
    std::atomic<std::uint32_t> state{open};
    std::atomic<int> owners{2};

    bool begin() noexcept {
        std::uint32_t expected = open;
        return state.compare_exchange_strong(expected, begun);
    }

    void take(Hub& hub, const void* interrupted = nullptr) noexcept {
        if (begin()) {
            take_sample(hub, sample, frames, whom, interrupted);
            state.store(done);
            sys.futex_wake(word(), 1);
        }
    }

    /// False where nobody has begun in time.
    bool await() noexcept {
        timespec until{};
        sys.clock_gettime(CLOCK_MONOTONIC, &until);
        const std::int64_t ns = until.tv_nsec + patience_ns;
        until.tv_sec += ns / 1'000'000'000;
        until.tv_nsec = ns % 1'000'000'000;
        for (std::uint32_t seen = state.load(); seen != done; seen = state.load()) {
            const bool late =
                sys.futex_wait(word(), seen, seen == begun ? nullptr : &until) != 0 && errno == ETIMEDOUT;
            if (late && state.load() == open) {
                return false;
            }
        }
        return true;
    }

    bool is_done() const noexcept { return state.load() == done; }

    void drop() noexcept {
        if (owners.fetch_sub(1) == 1) {
            delete this;
        }
    }

    static void answer(InboxItem& item, Hub& hub) noexcept {
        auto& self = static_cast<Request&>(item);
        self.take(hub);
        self.drop();
    }

private:
    const std::uint32_t* word() const noexcept { return reinterpret_cast<const std::uint32_t*>(&state); }
};

struct DropRequest {
    void operator()(Request* request) const noexcept { request->drop(); }
};
using RequestPtr = std::unique_ptr<Request, DropRequest>;

// What the handler is to do, and for which hub. Written under the registry's lock, so that there is one at a time. A handler may
// come late, or be held up at any point: nothing is changed here, and no request ends, while one is inside.
constinit std::atomic<int> inside{0};
constinit std::atomic<Hub*> interrupted_hub{nullptr};
constinit std::atomic<Request*> wanted{nullptr};

void await_handlers() noexcept {
    while (inside.load() != 0) {
        sched_yield();
    }
}

constexpr int interrupt_signal = SIGURG;  // its default is to do nothing, so that one too many does no harm
struct sigaction earlier;                 // written once, before the handler can run

/// False: it was not meant for this hub's sample.
bool answer_interrupt(const void* context) noexcept {
    inside.fetch_add(1);
    Hub* hub = Hub::current();
    Request* request = hub != nullptr && hub == interrupted_hub.load() ? wanted.exchange(nullptr) : nullptr;
    if (request != nullptr) {
        request->take(*hub, context);
    }
    inside.fetch_sub(1);
    return request != nullptr;
}

void on_interrupt(int signal, siginfo_t* info, void* context) {
    const int saved = errno;
    if (answer_interrupt(context)) {
        // Nobody else waits for it.
    } else if ((earlier.sa_flags & SA_SIGINFO) != 0) {
        earlier.sa_sigaction(signal, info, context);
    } else if (earlier.sa_handler != SIG_DFL && earlier.sa_handler != SIG_IGN) {
        earlier.sa_handler(signal);
    }
    errno = saved;
}

/// Says whether the request is done.
bool interrupt(Hub& hub, Request& request) noexcept {
    wanted.store(&request);
    interrupted_hub.store(&hub);
    if (::syscall(SYS_tgkill, ::getpid(), hub.thread_id, interrupt_signal) == 0) {
        static_cast<void>(request.await());
    }
    interrupted_hub.store(nullptr);
    wanted.store(nullptr);
    await_handlers();
    return request.is_done();
}

bool interrupt_if_there(Hub& hub, Request& request) {
    const std::lock_guard lock(registry_lock());
    // Another one in its place would get a signal that it takes no notice of.
    const bool there = std::find(weft_hubs->begin(), weft_hubs->end(), &hub) != weft_hubs->end();
    return there && interrupt(hub, request);
}

/// The sample, with what it lies in.
SamplePtr keep(RequestPtr request) {
    const std::shared_ptr<Request> kept(std::move(request));
    return {kept, &kept->sample};
}

}  // namespace

void claim_signal() {
    static const bool claimed = [] {
        prepare_unwinder();
        if (sys.sigaction(interrupt_signal, nullptr, &earlier) != 0) {
            throw_errno(errno, "sigaction(SIGURG)");
        }
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        action.sa_sigaction = &on_interrupt;
        if (sys.sigaction(interrupt_signal, &action, nullptr) != 0) {
            throw_errno(errno, "sigaction(SIGURG)");
        }
        return true;
    }();
    static_cast<void>(claimed);
}

void admit_signal() noexcept {
    if (is_helper_thread()) {
        sigset_t ours;
        ::sigemptyset(&ours);
        ::sigaddset(&ours, interrupt_signal);
        sys.pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
    }
}

SampleSize size_for(const Hub& hub, std::size_t frames) noexcept {
    // As of its last pass; some may have come since.
    const std::size_t fibers = &hub == Hub::current() ? hub.live_fibers : hub.counters().fibers.get();
    return {.fibers = fibers + fibers / 4 + 4096, .frames = frames};
}

SamplePtr interrupt_hub(Hub& hub, std::size_t frames) {
    RequestPtr request(new Request({.fibers = 1, .frames = frames}));
    request->owners = 1;
    request->frames = frames;
    request->whom = Whom::running;
    return interrupt(hub, *request) ? keep(std::move(request)) : nullptr;
}

Samples sample_all_hubs(std::size_t frames) {
    claim_signal();
    std::vector<std::pair<Hub*, RequestPtr>> asked;
    Samples samples;
    Hub* const here = Hub::current();
    if (here != nullptr) {
        const auto sample = std::make_shared<HubSample>(size_for(*here, frames));
        take_sample(*here, *sample, frames);
        samples.hubs.push_back(sample);
    }
    {
        const std::lock_guard lock(registry_lock());
        for (Hub* hub : *weft_hubs) {
            if (hub != here && !hub->left_behind) {
                asked.emplace_back(hub, new Request(size_for(*hub, frames)));
                Request& request = *asked.back().second;
                request.frames = frames;
                request.run = &Request::answer;
                hub->post(request);
            }
        }
    }
    for (auto& [hub, request] : asked) {
        if (request->await() || interrupt_if_there(*hub, *request)) {
            samples.hubs.push_back(keep(std::move(request)));
        } else {
            ++samples.missing;
        }
    }
    return samples;
}

}  // namespace weft::impl
