// libc's calls that read and write files at a place, and those that move bytes from one descriptor to another, under their own
// names, cooperative. weft/posix/posix.hpp says what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace weft::posix {

/// Whether fibers have regular files read and written (by all functions of weft::posix) in a thread of blocking_pool(), and wait
/// for its end. The kernel calls such a file always ready, and stops the thread until the disk or the network has it. Off at
/// first: most reads are of what is in memory, and a thread costs more. The whole process; any thread.
WEFT_API void offload_files(bool on) noexcept;

WEFT_API ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept;
WEFT_API ssize_t preadv(int fd, const iovec* buffers, int count, off_t offset) noexcept;
WEFT_API ssize_t pwrite(int fd, const void* from, std::size_t size, off_t offset) noexcept;
WEFT_API ssize_t pwritev(int fd, const iovec* buffers, int count, off_t offset) noexcept;
WEFT_API ssize_t copy_file_range(int in, off64_t* in_offset, int out, off64_t* out_offset, std::size_t size,
                                 unsigned flags) noexcept;
/// In a fiber always in a thread of blocking_pool().
WEFT_API int fsync(int fd) noexcept;
WEFT_API int fdatasync(int fd) noexcept;

/// To a socket that may block, the bytes go by way of a buffer, since nothing else keeps the kernel from waiting.
WEFT_API ssize_t sendfile(int out, int in, off_t* offset, std::size_t count) noexcept;
/// At most 4096 bytes go into a socket at once: fewer than were asked for is an answer that the caller expects.
WEFT_API ssize_t splice(int in, off64_t* in_offset, int out, off64_t* out_offset, std::size_t size,
                        unsigned flags) noexcept;
WEFT_API ssize_t tee(int in, int out, std::size_t size, unsigned flags) noexcept;
WEFT_API ssize_t vmsplice(int fd, const iovec* buffers, std::size_t count, unsigned flags) noexcept;

WEFT_API int eventfd_read(int fd, eventfd_t* value) noexcept;
WEFT_API int eventfd_write(int fd, eventfd_t value) noexcept;

}  // namespace weft::posix
