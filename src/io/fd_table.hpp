// What a hub knows of each descriptor: its two watches, who waits, and whether it is worth trying without
// waiting.
#pragma once

#include "core/hub.hpp"
#include "core/wait.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace weft::impl {

/// One direction of one descriptor at one hub. Only that hub's thread.
struct Direction {
    // First: of the direction that nobody waits for an operation needs this line alone.
    bool fresh = true;  ///< the watch has never been started for this description
    /// Worth trying at once: an event has said so, or nothing is known. A short read or EAGAIN ends it; the
    /// poller is level-triggered, so a wait after that misses nothing.
    bool ready = true;
    WaitList waiters;
    Watch watch;
};

/// What all waits for a descriptor are: whoever ends one may have to say why.
struct IoWait : WaitRecord {
    using WaitRecord::WaitRecord;
    int error = 0;
};

struct alignas(64) FdState {
    bool listed = false;  ///< in the process-wide list of hubs that know the descriptor
    Direction read;
    Direction write;
};

/// Indexed by descriptor number, grown in chunks that never move: libev holds the addresses of the watches.
class FdTable final : public HubPart {
public:
    explicit FdTable(Hub& hub) noexcept : hub_(hub) {}
    ~FdTable() override;

    /// The table of the calling thread's hub.
    static FdTable& of(Hub& hub) {
        if (hub.io_part == nullptr) [[unlikely]] {
            hub.io_part = std::make_unique<FdTable>(hub);
        }
        return static_cast<FdTable&>(*hub.io_part);
    }

    /// The same if there is one, else null.
    static FdTable* known(Hub& hub) noexcept { return static_cast<FdTable*>(hub.io_part.get()); }
    /// What the hub knows of a descriptor, or null.
    static FdState* known(Hub& hub, int fd) noexcept {
        FdTable* table = known(hub);
        return table != nullptr ? table->find(fd) : nullptr;
    }

    /// The state of an open descriptor. Throws std::bad_alloc where there is none yet.
    FdState& at(int fd) {
        FdState* state = find(fd);
        return state != nullptr ? *state : grow(static_cast<std::size_t>(fd));
    }
    /// The same, or null.
    FdState* find(int fd) noexcept {
        const auto index = static_cast<std::size_t>(fd);
        if (index / chunk_size < chunks_.size() && chunks_[index / chunk_size] != nullptr) [[likely]] {
            return &(*chunks_[index / chunk_size])[index % chunk_size];
        }
        return nullptr;
    }

    /// Whether somebody has waited for this number, and nobody has closed it since.
    bool knows(int fd) noexcept {
        const FdState* state = find(fd);
        return state != nullptr && state->listed;
    }

    void after_fork() noexcept override;

    /// Stops both watches and wakes all waiters with `error`; the number may mean something else afterwards.
    void forget(int fd, int error) noexcept;

    /// From now on the poller tells of the direction. Throws std::bad_alloc.
    void watch(FdState& state, Direction& direction) {
        if (!state.listed) [[unlikely]] {
            list(direction.watch.fd, state);
        }
        if (!direction.watch.started) [[unlikely]] {
            hub_.poller().start(direction.watch, direction.fresh);
            direction.fresh = false;
        }
    }

    /// Wakes the record, as its member `tag`, when the descriptor is closed, and for nothing else. Throws std::bad_alloc.
    void await_end(int fd, IoWait& record, std::uint32_t tag);
    /// It does not wait any more.
    void leave_ends(const IoWait& record) noexcept;

    Hub& hub() noexcept { return hub_; }

private:
    static constexpr std::size_t chunk_size = 256;
    using Chunk = std::array<FdState, chunk_size>;

    FdState& grow(std::size_t index);
    void list(int fd, FdState& state);

    struct EndWait {
        int fd;
        IoWait* record;
        std::uint32_t tag;
    };

    Hub& hub_;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<EndWait> end_waits_;  ///< nearly always none
};

/// A fiber's wait for one direction.
struct IoRecord : IoWait {
    IoRecord(Direction& where, int descriptor, WaitReason why) noexcept
        : IoWait(why, nullptr, &abort_io), direction(where) {
        fd = descriptor;
        node.record = this;
    }
    static bool abort_io(WaitRecord& record) noexcept;

    WaitNode node;
    Direction& direction;
};

}  // namespace weft::impl
