// All hubs of the process, and the search for a deadlock among them.
#include "core/hub_registry.hpp"

#include "base/sys.hpp"
#include "context/sanitizer.hpp"
#include "core/debugger.hpp"
#include "core/dump.hpp"
#include "core/hub.hpp"

#include <weft/base/error.hpp>

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace weft::impl {

namespace {

// Never destroyed: threads that outlive main may still end their hubs.
struct Registry {
    std::mutex lock;
    std::vector<Hub*> hubs;
    std::uint64_t next_serial = 0;
};

Registry& registry() noexcept {
    static Registry& the = []() -> Registry& {
        auto* made = new Registry;
        weft_hubs = &made->hubs;
        return *made;
    }();
    return the;
}

std::atomic<int> own_threads{0};
std::atomic<std::size_t> jobs_out{0};
std::atomic<std::size_t> jobs_at_work{0};  ///< of these, but those that wait
std::atomic<bool> jobs_asked{false};       ///< a hub goes by there being some

/// The number of threads in this process; 0 if the kernel does not say.
long thread_count() noexcept {
    const int fd = sys.open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    char text[1024];
    const ssize_t size = sys.read(fd, text, sizeof text - 1);
    sys.close(fd);
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    // The program's name may hold anything; the fields after it are numbers: num_threads is the 18th.
    const char* at = std::strrchr(text, ')');
    for (int field = 0; at != nullptr && field < 18; ++field) {
        at = std::strchr(at + 1, ' ');
    }
    return at != nullptr ? std::strtol(at, nullptr, 10) : 0;
}

/// Whether all threads of the process are hubs, or the library's own.
bool all_threads_known(const Registry& all) noexcept {
#if WEFT_TSAN
    constexpr long sanitizers_own = 1;  // from the program's first other thread on
#else
    constexpr long sanitizers_own = 0;
#endif
    const long known = static_cast<long>(all.hubs.size()) + own_threads.load(std::memory_order_relaxed);
    const long unknown = thread_count() - known;
    return unknown == 0 || unknown == sanitizers_own;
}

struct DeadlockNotice : InboxItem {
    static void tell(InboxItem& item, Hub& hub) noexcept {
        const std::unique_ptr<DeadlockNotice> self(static_cast<DeadlockNotice*>(&item));
        hub.raise_in_leader(self->error);
    }
    std::exception_ptr error;
};

std::string describe(const Registry& all) {
    std::string text = "deadlock: every fiber waits and nothing can wake any of them\n";
    append_dump(text, all.hubs);
    return text;
}

}  // namespace

std::mutex& registry_lock() noexcept { return registry().lock; }

void register_hub(Hub& hub) {
    Registry& all = registry();
    const std::lock_guard lock(all.lock);
    all.hubs.push_back(&hub);
    hub.serial = all.next_serial++;
}

void unregister_hub(Hub& hub) noexcept {
    Registry& all = registry();
    const std::lock_guard lock(all.lock);
    std::erase(all.hubs, &hub);
    hub.disown_fibers();
}

void refuse_fibers(Hub& hub, bool refuse) noexcept {
    const std::lock_guard lock(registry().lock);
    hub.ending = refuse;
}

HubRef HubAccess::ref(const Hub& hub) noexcept { return HubRef(hub.serial + 1); }

bool HubAccess::is_here(HubRef ref) noexcept {
    const Hub* here = Hub::current();
    return ref.serial_ == 0 || (here != nullptr && here->serial + 1 == ref.serial_);
}

Hub* HubAccess::find(HubRef ref) noexcept {
    for (Hub* hub : registry().hubs) {
        if (hub->serial + 1 == ref.serial_ && !hub->ending) {
            return hub;
        }
    }
    return nullptr;
}

void forget_other_hubs() noexcept {
    Registry& all = registry();
    std::erase_if(all.hubs, [](Hub* hub) {
        const bool other = hub != Hub::current();
        if (other) {
            hub->leave_behind();
        }
        return other;
    });
    own_threads.store(0, std::memory_order_relaxed);
    jobs_out.store(0);
    jobs_at_work.store(0);
}

constinit thread_local bool in_job = false;

void count_own_thread(int change) noexcept { own_threads.fetch_add(change, std::memory_order_relaxed); }

void job_begins() noexcept {
    jobs_out.fetch_add(1);
    job_goes_on();
}

void job_ends() noexcept {
    jobs_out.fetch_sub(1);
    job_waits();
}

void job_goes_on() noexcept { jobs_at_work.fetch_add(1); }

void job_waits() noexcept {
    // In one order for all: who asks sets `asked` and then looks at the number, and so one of the two sees the other.
    if (jobs_at_work.fetch_sub(1) == 1 && jobs_asked.exchange(false)) {
        const std::lock_guard lock(registry().lock);
        for (Hub* hub : registry().hubs) {
            hub->poller().notify();
        }
    }
}

namespace {

bool any(const std::atomic<std::size_t>& jobs) noexcept {
    if (jobs.load() == 0) {
        return false;
    }
    jobs_asked.store(true);
    return jobs.load() != 0;
}

}  // namespace

bool jobs_are_at_work() noexcept { return any(jobs_at_work); }

Outlook block_for_good(Hub& hub) {
    Registry& all = registry();
    const std::lock_guard lock(all.lock);
    hub.blocked_for_good = true;
    const auto blocked = [](const Hub* each) { return each->blocked_for_good && each->nothing_posted(); };
    const auto all_blocked = [&] { return std::all_of(all.hubs.begin(), all.hubs.end(), blocked); };
    // Jobs first: who asks of them is told when the last one has ended, and one that is about to may still have a hub.
    if (any(jobs_out) || !all_blocked()) {
        return Outlook::sleep;
    }
    // The hubs again at last: a thread may have posted something after the first look, and be gone at the second.
    if (!all_threads_known(all) || !all_blocked()) {
        return Outlook::look_again;
    }
    // The oldest hub is the one of main() in all but contrived programs.
    Hub& told = *all.hubs.front();
    auto error = std::make_exception_ptr(Deadlock(describe(all)));
    if (&told == &hub) {
        hub.blocked_for_good = false;
        hub.raise_in_leader(std::move(error));
        return Outlook::deadlock;
    }
    auto notice = std::make_unique<DeadlockNotice>();
    notice->run = &DeadlockNotice::tell;
    notice->error = std::move(error);
    told.post(*notice.release());
    return Outlook::sleep;
}

void no_longer_blocked(Hub& hub) noexcept {
    const std::lock_guard lock(registry().lock);
    hub.blocked_for_good = false;
}

}  // namespace weft::impl
