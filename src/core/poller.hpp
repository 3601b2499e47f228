// The port through which a hub learns of descriptors, time and calls from other threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weft::impl {

/// One descriptor and one direction, watched at one hub. Stays set up for as long as the descriptor lives.
struct Watch {
    using OnReady = void (*)(Watch&) noexcept;

    int fd = -1;
    bool write = false;
    bool started = false;  ///< by start(), until stop()
    OnReady on_ready = nullptr;
    /// What on_ready will look at: whoever waits, and a cache line of its record. Only for the cache; may be out of date.
    const void* waiter = nullptr;
    const void* waiter_record = nullptr;
    Watch* next_ready = nullptr;                ///< the poller's batch, in order of arrival
    alignas(void*) std::byte storage[48] = {};  ///< the poller's own
};

inline constexpr std::int64_t poll_now = INT64_MIN;      ///< poll() without waiting
inline constexpr std::int64_t poll_forever = INT64_MAX;  ///< poll() until an event or notify()

/// What a hub needs of the world outside. One per hub; all but notify() on the hub's thread only.
class Poller {
public:
    Poller() = default;
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    virtual ~Poller() = default;

    /// Calls on_ready of each started watch that is ready, in order of arrival. Waits for the first one, for
    /// notify() or for the steady time `until` (ns). Throws std::system_error if the kernel refuses to poll.
    virtual void poll(std::int64_t until) = 0;

    /// Ends the poll() under way or, if there is none, the next one. Any thread.
    virtual void notify() noexcept = 0;

    /// Begins watching; level-triggered. `fresh`: the number belongs to another description than at the last
    /// start.
    virtual void start(Watch& watch, bool fresh) = 0;
    virtual void stop(Watch& watch) noexcept = 0;

    /// Whether any watch is started: else poll(poll_now) has nothing to find.
    bool watching() const noexcept { return watches_ != 0; }

    /// Steady time in ns.
    virtual std::int64_t now() noexcept = 0;
    /// The same to a few milliseconds, in a few nanoseconds.
    virtual std::int64_t coarse_now() noexcept = 0;

    /// In the child of a fork, on the thread that is left: begins anew, with descriptors of its own and no watch. The parent's
    /// are closed and not touched otherwise. Throws as making one does.
    virtual void after_fork() = 0;
    /// In the child, for a hub whose thread is not there: closes its descriptors; notify() has no effect any more.
    virtual void leave_behind() noexcept = 0;

    /// False for virtual time, which counts no quantum: every pass of the hub polls.
    virtual bool real_time() const noexcept = 0;

protected:
    std::size_t watches_ = 0;
};

/// Makes the poller of a new hub. `loop` sets it before main; tests pass their own to a hub.
using PollerFactory = std::unique_ptr<Poller> (*)();
extern constinit PollerFactory poller_factory;

}  // namespace weft::impl
