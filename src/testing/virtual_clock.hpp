// The virtual time of the process: it moves when every hub that lives on it is idle, to the earliest of their
// deadlines.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace weft::impl {

class VirtualPoller;

class VirtualClock {
public:
    /// What the clock knows of a hub. Guarded by the clock's lock, but for `descriptors` while the hub is not
    /// idle.
    struct Member {
        VirtualPoller* poller = nullptr;
        bool idle = false;                ///< asleep; its hub leaves the rest of this alone meanwhile
        bool job_out = false;             ///< there are jobs of thread pools, which take real time
        std::int64_t until = 0;           ///< its earliest deadline
        std::vector<pollfd> descriptors;  ///< what else would wake it
    };

    static VirtualClock& process() noexcept;

    /// Begins where the steady clock stood at the first use, so that time points made from that mean
    /// something.
    std::int64_t now() const noexcept { return now_.load(std::memory_order_acquire); }

    /// Moves on by `ns`; wakes those whose time has come.
    void advance(std::int64_t ns);

    /// While it is held the clock moves by advance() only.
    void hold() noexcept;
    void release();

    void add(Member& member);
    void remove(Member& member);
    /// In the child of a fork: other threads may have been at work on the list.
    void forget_members() noexcept;

    /// The member's hub has nothing to do. Moves the clock if nobody has and nothing holds it; true if the
    /// member's time has come by that, else its hub may sleep.
    bool become_idle(Member& member, std::int64_t until, bool job_out);
    void become_busy(Member& member);

private:
    VirtualClock();
    bool may_move() const;
    void move_to(std::int64_t time);

    std::mutex lock_;
    std::vector<Member*> members_;
    int holds_ = 0;
    std::atomic<std::int64_t> now_;
};

}  // namespace weft::impl
