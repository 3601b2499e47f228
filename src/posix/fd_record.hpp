// What the process knows of each descriptor without asking the kernel: what it is, and how the program has set it.
//
// It is believed only of descriptors that this process has made and nobody else can refer to. For all others (inherited, passed
// over a socket, duplicated, alive at a fork) somebody may have changed it: then the kernel is asked at each wait.
#pragma once

#include "base/descriptor_map.hpp"

#include <atomic>
#include <cstdint>

namespace weft::impl {

enum class FdKind : std::uint8_t {
    unknown,
    stream,   ///< a stream socket
    packets,  ///< any other socket
    pollable,  ///< pipes, terminals, events, timers: what a poller watches, and no flag per call keeps from blocking
    file,  ///< what is always ready to a poller: regular files, directories
};

/// One descriptor of the process; any thread. Zero: nothing is known.
struct FdRecord {
    static constexpr std::uint32_t kind_mask = 7;
    static constexpr std::uint32_t own = 8;           ///< made here and known to nobody else
    static constexpr std::uint32_t nonblocking = 16;  ///< O_NONBLOCK as the program has set it; of an own one
    static constexpr std::uint32_t limits = 32;  ///< receive_limit and send_limit may be set; of an own one
    static constexpr std::uint32_t no_nowait = 64;  ///< the kernel cannot read or write it with RWF_NOWAIT
    static constexpr unsigned age_shift = 16;       ///< what shared_age() was when it was made

    std::atomic<std::uint32_t> bits{0};

    FdKind kind() const noexcept {
        return static_cast<FdKind>(bits.load(std::memory_order_relaxed) & kind_mask);
    }
    bool has(std::uint32_t flag) const noexcept { return (bits.load(std::memory_order_relaxed) & flag) != 0; }
    void set(std::uint32_t flag) noexcept { bits.fetch_or(flag, std::memory_order_relaxed); }
    void clear(std::uint32_t flag) noexcept { bits.fetch_and(~flag, std::memory_order_relaxed); }
    void set_kind(FdKind kind) noexcept { set(static_cast<std::uint32_t>(kind)); }
    void forget() noexcept { bits.store(0, std::memory_order_relaxed); }
};

extern constinit DescriptorMap<FdRecord> fd_records;

/// The record of a descriptor if there is one, else null.
inline FdRecord* known_record(int fd) noexcept { return fd_records.find(fd); }
FdRecord& make_record(int fd) noexcept;
/// The record; of a descriptor beyond 16 million or without memory for it, one that stays unknown.
inline FdRecord& record_of(int fd) noexcept {
    FdRecord* record = known_record(fd);
    return record != nullptr ? *record : make_record(fd);
}
/// The first descriptor at or after `fd` of which something is known, or -1.
int next_known(int fd) noexcept;

/// A number has come anew from the system, made by this process alone.
void begin_own(int fd, FdKind kind, bool is_nonblocking) noexcept;
/// The same for the result of the call that makes it, which may have failed; returns it.
inline int begun(int fd, FdKind kind, bool is_nonblocking) noexcept {
    if (fd >= 0) {
        begin_own(fd, kind, is_nonblocking);
    }
    return fd;
}
/// A number has come anew, and others may hold its description too.
void begin_shared(int fd) noexcept;
/// Others may hold the description from now on: it has been duplicated.
void share(int fd) noexcept;
/// The same for all that there are: the process forks.
void share_all() noexcept;

/// Whether nobody else can refer to the description, so that it may be changed for a moment.
bool is_own(const FdRecord& record) noexcept;
/// Whether the program has set O_NONBLOCK.
bool is_nonblocking(int fd, const FdRecord& record) noexcept;
FdKind ask_kind_of(int fd, FdRecord& record) noexcept;
/// What it is; asks the kernel the first time. `unknown`: not open.
inline FdKind kind_of(int fd, FdRecord& record) noexcept {
    const FdKind kind = record.kind();
    return kind != FdKind::unknown ? kind : ask_kind_of(fd, record);
}

/// SO_RCVTIMEO or SO_SNDTIMEO in ns; 0: none.
std::int64_t time_limit(int fd, const FdRecord& record, bool write) noexcept;

}  // namespace weft::impl
