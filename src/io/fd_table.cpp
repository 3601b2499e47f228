// The hub's table of descriptors.
#include "io/fd_table.hpp"

#include "core/park.hpp"
#include "io/fd_hubs.hpp"

namespace weft::impl {

namespace {

void on_ready(Watch& watch) noexcept {
    auto* address = reinterpret_cast<std::byte*>(&watch) - offsetof(Direction, watch);
    auto& direction = *reinterpret_cast<Direction*>(address);
    direction.ready = true;
    if (WaitRecord* record = direction.waiters.pop()) {
        wake(*record);
    } else {
        // Nobody cares just now. Stopped only here, so that a fiber that always comes back in time never pays
        // for it.
        Hub::current()->poller().stop(watch);
    }
}

void forget_direction(Direction& direction, Hub& hub, int error) noexcept {
    if (direction.watch.started) {
        hub.poller().stop(direction.watch);
    }
    direction.fresh = true;
    direction.ready = true;
    while (WaitRecord* record = direction.waiters.pop()) {
        static_cast<IoWait*>(record)->error = error;
        wake(*record);
    }
}

}  // namespace

FdTable::~FdTable() {
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
        for (std::size_t i = 0; chunks_[chunk] != nullptr && i < chunk_size; ++i) {
            if ((*chunks_[chunk])[i].listed) {
                unlist_hub(static_cast<int>(chunk * chunk_size + i), *this);
            }
        }
    }
}

FdState& FdTable::grow(std::size_t index) {
    if (index / chunk_size >= chunks_.size()) {
        chunks_.resize(index / chunk_size + 1);
    }
    auto chunk = std::make_unique<Chunk>();
    for (std::size_t i = 0; i < chunk_size; ++i) {
        FdState& state = (*chunk)[i];
        const auto fd = static_cast<int>(index / chunk_size * chunk_size + i);
        state.read.watch.fd = state.write.watch.fd = fd;
        state.read.watch.on_ready = state.write.watch.on_ready = &on_ready;
        state.write.watch.write = true;
    }
    chunks_[index / chunk_size] = std::move(chunk);
    return (*chunks_[index / chunk_size])[index % chunk_size];
}

void FdTable::list(int fd, FdState& state) {
    list_hub(fd, *this);
    state.listed = true;
}

void FdTable::forget(int fd, int error) noexcept {
    FdState& state = at(fd);
    state.listed = false;
    forget_direction(state.read, hub_, error);
    forget_direction(state.write, hub_, error);
    std::erase_if(end_waits_, [fd, error](const EndWait& wait) {
        if (wait.fd != fd) {
            return false;
        }
        if (wait.record->take(wait.tag)) {
            wait.record->error = error;
            wake(*wait.record);
        }
        return true;
    });
}

void FdTable::await_end(int fd, IoWait& record, std::uint32_t tag) {
    end_waits_.push_back({fd, &record, tag});
    if (FdState& state = at(fd); !state.listed) {
        list(fd, state);
    }
}

void FdTable::leave_ends(const IoWait& record) noexcept {
    std::erase_if(end_waits_, [&record](const EndWait& wait) { return wait.record == &record; });
}

void FdTable::after_fork() noexcept {
    end_waits_.clear();
    const auto begin_anew = [](Direction& direction) {
        direction.watch.started = false;
        direction.watch.waiter = direction.watch.waiter_record = nullptr;
        direction.fresh = true;
        direction.ready = true;
        std::construct_at(&direction.waiters);
    };
    // Nobody has waited for the others, and only a wait starts a watch.
    for (const std::unique_ptr<Chunk>& chunk : chunks_) {
        for (std::size_t i = 0; chunk != nullptr && i < chunk_size; ++i) {
            if (FdState& state = (*chunk)[i]; state.listed) {
                state.listed = false;
                begin_anew(state.read);
                begin_anew(state.write);
            }
        }
    }
}

bool IoRecord::abort_io(WaitRecord& record) noexcept {
    auto& self = static_cast<IoRecord&>(record);
    const bool won = self.node.linked;
    if (won) {
        self.direction.waiters.remove(self.node);
    }
    return won;
}

}  // namespace weft::impl
