// Files, at a place that the call names; and what waits for the disk.
#include "posix/files.hpp"

#include "posix/libc.hpp"

#include <weft/posix/transfer.hpp>

namespace weft::impl {

constinit std::atomic<bool> files_offloaded{false};

}  // namespace weft::impl

namespace weft::posix {

void offload_files(bool on) noexcept { impl::files_offloaded.store(on, std::memory_order_relaxed); }

ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept {
    return impl::call_on_file(fd, [=] { return impl::libc.pread(fd, to, size, offset); });
}

ssize_t preadv(int fd, const iovec* buffers, int count, off_t offset) noexcept {
    return impl::call_on_file(fd, [=] { return impl::libc.preadv(fd, buffers, count, offset); });
}

ssize_t pwrite(int fd, const void* from, std::size_t size, off_t offset) noexcept {
    return impl::call_on_file(fd, [=] { return impl::libc.pwrite(fd, from, size, offset); });
}

ssize_t pwritev(int fd, const iovec* buffers, int count, off_t offset) noexcept {
    return impl::call_on_file(fd, [=] { return impl::libc.pwritev(fd, buffers, count, offset); });
}

ssize_t copy_file_range(int in, off64_t* in_offset, int out, off64_t* out_offset, std::size_t size,
                        unsigned flags) noexcept {
    return impl::call_on_file(
        in, [=] { return impl::libc.copy_file_range(in, in_offset, out, out_offset, size, flags); });
}

int fsync(int fd) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    return hub != nullptr ? impl::call_in_pool(*hub, [=] { return impl::libc.fsync(fd); })
                          : impl::libc.fsync(fd);
}

int fdatasync(int fd) noexcept {
    impl::Hub* hub = impl::fiber_hub();
    return hub != nullptr ? impl::call_in_pool(*hub, [=] { return impl::libc.fdatasync(fd); })
                          : impl::libc.fdatasync(fd);
}

}  // namespace weft::posix
