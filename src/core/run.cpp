// run(), sleeping, and how hubs begin and end with their threads.
#include <weft/core/run.hpp>

#include "base/error.hpp"
#include "core/dump.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/life.hpp"
#include "core/observer.hpp"
#include "core/park.hpp"
#include "core/report.hpp"

#include <pthread.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace weft::impl {

namespace {

bool abort_sleep(WaitRecord&) noexcept { return true; }

/// The main fiber's wait for the last of the others.
struct EmptyRecord : WaitRecord {
    explicit EmptyRecord(Hub& whose) noexcept
        : WaitRecord(WaitReason::join, &whose.leader(), &abort_empty), hub(whose) {
        hub.on_empty = this;
    }
    static bool abort_empty(WaitRecord& record) noexcept {
        return std::exchange(static_cast<EmptyRecord&>(record).hub.on_empty, nullptr) != nullptr;
    }
    Hub& hub;
};

/// Says whether all others have finished before `grace` was over.
bool await_fibers(Hub& hub, Duration grace) {
    Deadline deadline{grace};
    while (hub.live_fibers != 0) {  // the end of the last one may have started another, for its links
        EmptyRecord record(hub);
        if (park_shielded(record, deadline) != Wake::woken) {
            break;
        }
    }
    return hub.live_fibers == 0;
}

void cancel_all(Hub& hub) noexcept {
    for (FiberBlock* fiber = hub.fibers(); fiber != nullptr; fiber = fiber->all_next) {
        if (fiber != &hub.leader() && !fiber->finished()) {
            cancel_here(*fiber, hub);
        }
    }
}

/// Cancels and joins what is left. Returns false, after naming them, if some fibers outlast the grace period.
bool end_fibers(Hub& hub, Duration grace) {
    hub.drain_inbox();  // there may be fibers in it that count
    observer->hub_ends(hub);
    cancel_all(hub);
    if (await_fibers(hub, grace)) {
        return true;
    }
    std::string text = "weft: fibers are abandoned, since they outlast their cancellation:\n";
    Hub* const here = &hub;
    append_dump(text, {&here, 1});
    write_stderr(text);
    return false;
}

// A hub ends with its thread, after the thread's C++ thread_local objects: keys are destroyed later than
// those.
pthread_key_t thread_end_key;

void end_with_thread(void*) {
    // What main() leaves behind is abandoned without unwinding, as its threads are.
    if (Hub::current() != nullptr && getpid() != gettid()) {
        static_cast<void>(Hub::end_current(RunOptions{}.grace));
    }
}

void end_hub_with_thread() {
    static const int error = pthread_key_create(&thread_end_key, &end_with_thread);
    if (error != 0) {
        throw_errno(error, "pthread_key_create");
    }
    pthread_setspecific(thread_end_key, &thread_end_key);
}

}  // namespace

Hub& Hub::make_current() {
    adopt(poller_factory());
    return *current_hub;
}

void Hub::adopt(std::unique_ptr<Poller> poller) {
    install_terminate_report();
    end_hub_with_thread();
    auto hub = std::make_unique<Hub>(std::move(poller));
    current_hub = hub.release();
}

bool Hub::end_current(Duration grace) {
    Hub& hub = *current_hub;
    refuse_fibers(hub, true);
    if (!end_fibers(hub, grace)) {
        refuse_fibers(hub, false);
        return false;
    }
    delete std::exchange(current_hub, nullptr);
    return true;
}

RunGuard::RunGuard(const RunOptions& options) : grace_(options.grace), made_hub_(Hub::current() == nullptr) {
    Hub& hub = Hub::ensure();
    if (&hub.running() != &hub.leader()) {
        fatal("weft::run is called from within fiber %llu \"%s\": it is for the thread itself",
              static_cast<unsigned long long>(hub.running().id), hub.running().name.c_str());
    }
    if (options.stack_size != 0) {
        hub.stack_class = stack_class_of(options.stack_size);
    }
}

RunGuard::~RunGuard() {
    static_cast<void>(made_hub_ ? Hub::end_current(grace_) : end_fibers(*Hub::current(), grace_));
}

}  // namespace weft::impl

namespace weft {

void sleep_until(TimePoint time) {
    impl::WaitRecord record(impl::WaitReason::sleep, nullptr, &impl::abort_sleep);
    Deadline deadline{time};
    if (impl::park(record, deadline) == impl::Wake::interrupted) {
        impl::throw_interrupt();
    }
}

void sleep_for(Duration duration) {
    if (duration <= Duration::zero()) {
        yield();
        return;
    }
    impl::WaitRecord record(impl::WaitReason::sleep, nullptr, &impl::abort_sleep);
    Deadline deadline{duration};
    if (impl::park(record, deadline) == impl::Wake::interrupted) {
        impl::throw_interrupt();
    }
}

TimePoint now() noexcept {
    impl::Hub* hub = impl::Hub::current();
    return hub != nullptr ? TimePoint{Duration{hub->now()}} : std::chrono::steady_clock::now();
}

}  // namespace weft
