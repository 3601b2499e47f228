// Several hubs on threads of their own, and where fibers are placed among them.
#include <weft/runtime/runtime.hpp>

#include "base/error.hpp"
#include "base/helper_thread.hpp"
#include "core/hub.hpp"

#include <weft/core/run.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace weft::impl {

namespace {

/// The cores that this process may use; at least one.
std::vector<int> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int core = 0; core < CPU_SETSIZE; ++core) {
            if (CPU_ISSET(core, &set)) {
                cores.push_back(core);
            }
        }
    }
    // A machine with more cores than a cpu_set_t holds refuses to tell.
    for (unsigned core = 0; cores.empty() && core < std::max(1U, std::thread::hardware_concurrency());
         ++core) {
        cores.push_back(static_cast<int>(core));
    }
    return cores;
}

void bind_to(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set); error != 0) {
        throw_errno(error, "bind a hub's thread to core " + std::to_string(core));
    }
}

/// Who waits in a destructor, or must not leave, is not interrupted. A thread without a hub never is.
class MaybeShield {
public:
    MaybeShield() {
        if (Hub::current() != nullptr) {
            shield_.emplace();
        }
    }

private:
    std::optional<Shield> shield_;
};

}  // namespace

/// One hub and its thread.
struct Worker {
    HubRef hub;
    Event standing;              ///< the hub stands, or has failed to
    std::exception_ptr failure;  ///< why it has failed; written before `standing`
    std::thread thread;
    alignas(64) std::atomic<std::size_t> load{0};
};

struct RuntimeCore {
    explicit RuntimeCore(const RuntimeOptions& how) : options(how), cores(usable_cores()) {}

    void start();
    void start_worker(int core);
    void run_worker(Worker& worker, int core);
    void stop();
    void join();
    std::size_t choose(std::string_view name) noexcept;

    RuntimeOptions options;
    std::vector<int> cores;
    std::deque<Worker> workers;  ///< complete before anybody else sees it; never moves one
    Event stopping;
    std::atomic<std::size_t> left{1};  ///< hubs that have not ended, and one until all have been started
    Event all_ended;
    std::mutex join_mutex;
    std::atomic<std::size_t> turn{0};
};

void RuntimeCore::start() {
    const std::size_t count = options.hubs != 0 ? options.hubs : cores.size();
    for (std::size_t index = 0; index < count; ++index) {
        start_worker(cores[index % cores.size()]);
    }
}

void RuntimeCore::start_worker(int core) {
    Worker& worker = workers.emplace_back();
    left.fetch_add(1);
    try {
        worker.thread = start_helper_thread([this, &worker, core] { run_worker(worker, core); });
    } catch (...) {
        left.fetch_sub(1);
        throw;
    }
    worker.standing.wait();
    if (worker.failure != nullptr) {
        std::rethrow_exception(worker.failure);
    }
}

void RuntimeCore::run_worker(Worker& worker, int core) {
    try {
        if (options.pin) {
            bind_to(core);
        }
        run(RunOptions{.grace = options.grace, .stack_size = options.stack_size}, [&] {
            worker.hub = this_hub();
            worker.standing.set();
            stopping.wait();
        });
    } catch (...) {
        worker.failure = std::current_exception();
        worker.standing.set();
    }
    if (left.fetch_sub(1) == 1) {
        all_ended.set();
    }
}

void RuntimeCore::stop() {
    // The one who sets it first takes away the share of the start.
    const std::unique_lock lock(join_mutex);
    if (!stopping.is_set()) {
        stopping.set();
        if (left.fetch_sub(1) == 1) {
            all_ended.set();
        }
    }
}

void RuntimeCore::join() {
    all_ended.wait();
    // What is left of each thread is its way out.
    const std::scoped_lock lock(join_mutex);
    for (Worker& worker : workers) {
        if (worker.thread.joinable()) {
            worker.thread.join();
        }
    }
}

std::size_t RuntimeCore::choose(std::string_view name) noexcept {
    switch (options.placement) {
        case Placement::round_robin:
            break;
        case Placement::least_loaded: {
            const auto lighter = [](const Worker& one, const Worker& other) {
                return one.load.load(std::memory_order_relaxed) < other.load.load(std::memory_order_relaxed);
            };
            return static_cast<std::size_t>(std::min_element(workers.begin(), workers.end(), lighter) -
                                            workers.begin());
        }
        case Placement::by_name:
            return std::hash<std::string_view>{}(name) % workers.size();
    }
    return turn.fetch_add(1, std::memory_order_relaxed) % workers.size();
}

}  // namespace weft::impl

namespace weft {

Runtime::Runtime(const RuntimeOptions& options) : core_(std::make_unique<impl::RuntimeCore>(options)) {
    try {
        core_->start();
    } catch (...) {
        const impl::MaybeShield shield;
        core_->stop();
        core_->join();
        throw;
    }
}

Runtime::~Runtime() {
    const impl::MaybeShield shield;
    core_->stop();
    core_->join();
}

void Runtime::stop() {
    core_->stop();
    core_->join();
}

std::size_t Runtime::size() const noexcept { return core_->workers.size(); }

HubRef Runtime::hub(std::size_t index) const { return core_->workers.at(index).hub; }

std::size_t Runtime::load(std::size_t index) const {
    return core_->workers.at(index).load.load(std::memory_order_relaxed);
}

std::atomic<std::size_t>& Runtime::place(SpawnOptions& options) {
    auto& workers = core_->workers;
    if (options.hub == HubRef{}) {
        impl::Worker& chosen = workers[core_->choose(options.name)];
        options.hub = chosen.hub;
        return chosen.load;
    }
    const auto named = std::find_if(workers.begin(), workers.end(),
                                    [&](const impl::Worker& each) { return each.hub == options.hub; });
    if (named == workers.end()) {
        throw std::invalid_argument("weft::Runtime: spawn: the hub is not one of this runtime's");
    }
    return named->load;
}

}  // namespace weft
