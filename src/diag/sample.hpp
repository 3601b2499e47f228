// What is taken down of a hub's fibers, in a form that a signal handler can write.
#pragma once

#include "core/wait.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::impl {

class Hub;
struct FiberBlock;

enum class FiberState : std::uint8_t { running, ready, unstarted, waiting };

/// One fiber; its frames follow it in memory.
struct FiberSample {
    const FiberBlock* block;
    std::uint64_t id;
    std::uint64_t parent;
    const void* spawned_at;
    const FiberBlock* holder;  ///< has what this one waits for; null: not known
    std::uint64_t holder_id;   ///< 0: it is not on this hub
    const void* object;
    std::int64_t since;
    std::int64_t due;              ///< INT64_MAX: without limit
    const std::byte* stack_limit;  ///< null: the thread's own stack
    std::size_t stack_size;
    std::size_t stack_used;     ///< now
    std::size_t stack_deepest;  ///< ever; 0 where stacks are not filled
    std::size_t frame_count;
    int fd;
    WaitReason reason;
    FiberState state;
    bool joins;  ///< the holder is whom it joins
    char name[45];

    std::span<const void* const> frames() const noexcept {
        return {reinterpret_cast<const void* const*>(this + 1), frame_count};
    }
    const FiberSample* next() const noexcept {
        return reinterpret_cast<const FiberSample*>(reinterpret_cast<const void* const*>(this + 1) +
                                                    frame_count);
    }
};

/// Memory that is reserved at once and comes page by page as it is written to, so that a signal handler can fill it.
class SampleArena {
public:
    /// Throws std::system_error where there is none.
    explicit SampleArena(std::size_t bytes);
    SampleArena(const SampleArena&) = delete;
    SampleArena& operator=(const SampleArena&) = delete;
    ~SampleArena();

    /// Room for `bytes` more, which are kept by keep(); null where there is none.
    void* room(std::size_t bytes) noexcept { return bytes <= size_ - used_ ? memory_ + used_ : nullptr; }
    void keep(std::size_t bytes) noexcept { used_ += bytes; }

    const std::byte* begin() const noexcept { return memory_; }
    const std::byte* end() const noexcept { return memory_ + used_; }

private:
    std::byte* memory_;
    std::size_t size_;
    std::size_t used_ = 0;
};

/// For how many fibers there is to be room, and for how many frames of each.
struct SampleSize {
    std::size_t fibers;
    std::size_t frames;
};

struct HubSample {
    explicit HubSample(const SampleSize& size)
        : arena(size.fibers * (sizeof(FiberSample) + size.frames * sizeof(void*))),
          ready(size.fibers * sizeof(void*)) {}

    std::uint64_t serial = 0;
    int thread_id = 0;
    std::int64_t time = 0;
    bool in_loop = false;      ///< no fiber was running
    bool interrupted = false;  ///< taken by a signal: the hub was blocked
    std::size_t count = 0;     ///< fibers taken down
    std::size_t left_out = 0;  ///< fibers for which the memory did not suffice
    SampleArena arena;
    SampleArena ready;  ///< only while it is taken

    const FiberSample* first() const noexcept { return reinterpret_cast<const FiberSample*>(arena.begin()); }
    const FiberSample* end() const noexcept { return reinterpret_cast<const FiberSample*>(arena.end()); }
};

inline constexpr std::size_t max_frames = 64;

enum class Whom : std::uint8_t { all, running, others };

/// On the hub's own thread, or in a signal handler that has interrupted it, with the handler's third argument; allocates
/// nothing. With `frames` 0 no backtraces are taken.
void take_sample(Hub& hub, HubSample& sample, std::size_t frames, Whom whom = Whom::all,
                 const void* interrupted = nullptr) noexcept;

}  // namespace weft::impl
