// The process-wide table of what is known of descriptors.
#include "posix/fd_record.hpp"

#include "base/sys.hpp"
#include "io/fd_hubs.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <new>

namespace weft::impl {

namespace {

constinit FdRecord
    nobody;  // stands in where there is no memory: stays unknown, since nothing is set through begin_own()

// Counts what has made all descriptors shared; at its end nothing counts as own any more.
constinit std::atomic<std::uint32_t> age{0};
constexpr std::uint32_t oldest = 0xffff;

std::uint32_t shared_age() noexcept { return age.load(std::memory_order_relaxed); }

FdKind kind_of_socket(int fd) noexcept {
    int type = 0;
    socklen_t size = sizeof type;
    const bool stream = sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
    return stream ? FdKind::stream : FdKind::packets;
}

FdKind ask_kind(int fd) noexcept {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return FdKind::unknown;
    }
    switch (status.st_mode & S_IFMT) {
        case S_IFSOCK:
            return kind_of_socket(fd);
        case S_IFREG:
        case S_IFDIR:
        case S_IFBLK:
            return FdKind::file;
        default:
            return FdKind::pollable;
    }
}

}  // namespace

constinit DescriptorMap<FdRecord> fd_records;

FdRecord& make_record(int fd) noexcept {
    try {
        FdRecord* record = fd_records.make(fd);
        return record != nullptr ? *record : nobody;
    } catch (const std::bad_alloc&) {
        return nobody;
    }
}

int next_known(int fd) noexcept {
    return fd_records.first_from(
        fd, [](const FdRecord& record) { return record.bits.load(std::memory_order_relaxed) != 0; });
}

void begin_own(int fd, FdKind kind, bool is_nonblocking) noexcept {
    begin_here(fd);
    FdRecord& record = record_of(fd);
    const std::uint32_t now = shared_age();
    if (&record == &nobody || now == oldest) {
        return;
    }
    record.bits.store(static_cast<std::uint32_t>(kind) | FdRecord::own |
                          (is_nonblocking ? FdRecord::nonblocking : 0) | (now << FdRecord::age_shift),
                      std::memory_order_relaxed);
}

void begin_shared(int fd) noexcept {
    begin_here(fd);
    if (FdRecord* record = known_record(fd)) {
        record->forget();
    }
}

void share(int fd) noexcept {
    if (FdRecord* record = known_record(fd)) {
        record->clear(FdRecord::own);
    }
}

void share_all() noexcept {
    std::uint32_t now = shared_age();
    while (now < oldest && !age.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) {
    }
}

bool is_own(const FdRecord& record) noexcept {
    const std::uint32_t bits = record.bits.load(std::memory_order_relaxed);
    return (bits & FdRecord::own) != 0 && bits >> FdRecord::age_shift == shared_age();
}

bool is_nonblocking(int fd, const FdRecord& record) noexcept {
    if (is_own(record)) [[likely]] {
        return record.has(FdRecord::nonblocking);
    }
    const int flags = sys.fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

FdKind ask_kind_of(int fd, FdRecord& record) noexcept {
    const int error = errno;
    const FdKind kind = ask_kind(fd);
    // Of a file it is not remembered: if it were closed behind the library's back and the number a pipe's by now, reading would
    // block. All others are found out by the calls that they get.
    if (&record != &nobody && kind != FdKind::file) {
        record.set_kind(kind);
    }
    errno = error;
    return kind;
}

std::int64_t time_limit(int fd, const FdRecord& record, bool write) noexcept {
    if (is_own(record) && !record.has(FdRecord::limits)) [[likely]] {
        return 0;
    }
    timeval time{};
    socklen_t size = sizeof time;
    if (sys.getsockopt(fd, SOL_SOCKET, write ? SO_SNDTIMEO : SO_RCVTIMEO, &time, &size) != 0) {
        return 0;
    }
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::int64_t>(time.tv_usec) * 1000;
}

}  // namespace weft::impl
