// All hubs of the process: who is there, and whether anything can ever wake them again.
#pragma once

#include <weft/core/fiber_ref.hpp>

#include <cstdint>
#include <mutex>

namespace weft::impl {

class Hub;

/// The upper bits of a fiber's id are its hub's serial number; of the lower ones, half belong to fibers that other threads
/// start, so that the hub counts its own without a lock.
inline constexpr unsigned fiber_id_bits = 40;

/// Guards the list of hubs and FiberBlock::hub of the fibers of a hub that ends.
std::mutex& registry_lock() noexcept;

/// Gives the hub its serial number, which is never used again.
void register_hub(Hub& hub);
/// After it, the hub's finished fibers whose handles live on belong to no hub.
void unregister_hub(Hub& hub) noexcept;

/// From here on (or, with false, no longer) other threads start no fibers at the hub: they find that it has ended.
void refuse_fibers(Hub& hub, bool refuse) noexcept;

/// HubRef from inside.
struct HubAccess {
    static HubRef ref(const Hub& hub) noexcept;
    /// Where the fiber lives or has lived.
    static HubRef of_fiber(std::uint64_t id) noexcept { return HubRef((id >> fiber_id_bits) + 1); }
    /// The hub of the calling thread is meant: by name, or because none is named.
    static bool is_here(HubRef ref) noexcept;
    /// Null if it has ended. Under the registry's lock, which keeps it alive.
    static Hub* find(HubRef ref) noexcept;
};

/// In the child of a fork: only the calling thread is there, with its hub if it has one. Under the registry's lock.
void forget_other_hubs() noexcept;

/// A thread that the library made (a pool's): it is not a reason to wait for the world outside.
void count_own_thread(int change) noexcept;

/// A job of a thread pool is out from its submission to its end: then nothing is a deadlock.
void job_begins() noexcept;
void job_ends() noexcept;
/// In between it may wait for fibers and other threads.
void job_waits() noexcept;
void job_goes_on() noexcept;
/// Whether a job is out that does not wait: virtual time stands still then. A hub that has asked is told when there is none any
/// more, and looks again.
bool jobs_are_at_work() noexcept;

/// Whether the calling thread is at work on such a job.
extern constinit thread_local bool in_job __attribute__((tls_model("initial-exec")));

/// What a hub without anything to wait for may do.
enum class Outlook : std::uint8_t {
    sleep,  ///< until somebody wakes it
    look_again,  ///< sleep, but threads that weft did not start are all that could wake it, and nobody tells when these end
    deadlock,  ///< nothing; Deadlock has been raised in its main fiber
};
/// If nothing in the process can wake any hub, raises Deadlock in a main fiber, of this hub or another one.
Outlook block_for_good(Hub& hub);
void no_longer_blocked(Hub& hub) noexcept;

}  // namespace weft::impl
