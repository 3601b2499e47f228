// Several hubs, each on an OS thread of its own: fibers on all cores.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/time/deadline.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace weft {

/// On which hub a Runtime starts a fiber whose SpawnOptions name none.
enum class Placement {
    round_robin,   ///< on each in turn
    least_loaded,  ///< where the fewest fibers live that this runtime has started
    by_name        ///< fibers of one name all on the same hub, so that they share data without a lock
};

struct RuntimeOptions {
    std::size_t hubs = 0;  ///< 0: as many as the process may use cores
    bool pin = false;      ///< bind each hub's thread to one core, in turn
    Placement placement = Placement::round_robin;
    std::size_t stack_size = 0;  ///< of fibers that ask for none; 0: 256 KiB
    Duration grace =
        std::chrono::seconds(5);  ///< for fibers that are left at the end, once they are cancelled
};

namespace impl {

struct RuntimeCore;

/// Counts a fiber among those of its hub from its spawn to the end of its function.
class LoadShare {
public:
    explicit LoadShare(std::atomic<std::size_t>& load) noexcept : load_(&load) {
        load.fetch_add(1, std::memory_order_relaxed);
    }
    LoadShare(LoadShare&& other) noexcept : load_(std::exchange(other.load_, nullptr)) {}
    LoadShare& operator=(LoadShare&&) = delete;
    ~LoadShare() {
        if (load_ != nullptr) {
            load_->fetch_sub(1, std::memory_order_relaxed);
        }
    }

private:
    std::atomic<std::size_t>* load_;
};

}  // namespace impl

/// A number of hubs that run from its construction to stop(). A fiber that is started by it is placed once, before it
/// starts, and never moves. All that fibers wait for works across hubs; so does a handle, from any thread, also one that
/// is no hub:
///
///     weft::Runtime runtime;
///     auto sum = runtime.spawn([] { return add_up(); });
///     use(sum.get());
class WEFT_API Runtime {
public:
    /// Starts the threads.
    ///
    /// Suspends:  until all hubs stand.
    /// Cancel:    no hub is left.
    /// Errors:    std::system_error if a thread or a hub cannot be made, or a thread not be bound to its core.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    explicit Runtime(const RuntimeOptions& options = {});
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;
    /// As stop(), and nothing interrupts it.
    ~Runtime();

    /// Cancels and joins the fibers on its hubs, and ends these. Fibers that outlast the grace period are named on
    /// standard error and abandoned. From then on spawn() throws. Stopping twice does no harm. Not from one of its fibers,
    /// which would wait for itself.
    ///
    /// Suspends:  until the hubs have ended.
    /// Cancel:    the hubs go on ending.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void stop();

    /// The number of hubs.
    [[nodiscard]] std::size_t size() const noexcept;

    /// One of them, by its index: as SpawnOptions::hub.
    /// Errors:  std::out_of_range.
    [[nodiscard]] HubRef hub(std::size_t index) const;

    /// The fibers that this runtime has started there and whose functions have not ended.
    /// Errors:  std::out_of_range.
    [[nodiscard]] std::size_t load(std::size_t index) const;

    /// As weft::spawn(), on the hub that the options name, or else on one by the placement.
    ///
    /// Errors:    as weft::spawn; std::invalid_argument for a hub that is not this runtime's, and once stopped.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    template <class F, class... Args>
    auto spawn(SpawnOptions options, F&& fn, Args&&... args) {
        auto& load = place(options);
        return weft::spawn(options, counted(load, std::forward<F>(fn)), std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) auto spawn(F&& fn, Args&&... args) {
        return spawn(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// As spawn(), without a handle.
    template <class F, class... Args>
    void spawn_detached(SpawnOptions options, F&& fn, Args&&... args) {
        auto& load = place(options);
        weft::spawn_detached(options, counted(load, std::forward<F>(fn)), std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) void spawn_detached(F&& fn, Args&&... args) {
        spawn_detached(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

private:
    /// Decides on a hub; returns the count of its fibers.
    std::atomic<std::size_t>& place(SpawnOptions& options);

    template <class F>
    static auto counted(std::atomic<std::size_t>& load, F&& fn) {
        return [share = impl::LoadShare(load),
                call = std::decay_t<F>(std::forward<F>(fn))](auto&&... args) mutable {
            return std::invoke(std::move(call), std::forward<decltype(args)>(args)...);
        };
    }

    std::unique_ptr<impl::RuntimeCore> core_;
};

}  // namespace weft
