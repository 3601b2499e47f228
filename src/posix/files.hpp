// Calls on files, made by a thread of a pool while the fiber waits for their end.
#pragma once

#include "posix/offload.hpp"

#include <atomic>

namespace weft::impl {

/// Whether regular files are read and written by threads.
extern constinit std::atomic<bool> files_offloaded;

/// call() in a thread of blocking_pool(): what it returns, and its errno; or -1, if the fiber is interrupted before it begins.
template <class Call>
auto call_in_pool(Hub& hub, Call call) noexcept -> decltype(call()) {
    if (const int error = begin_call(hub); error != 0) {
        return fail(error);
    }
    decltype(call()) result = -1;
    int failed = 0;
    auto work = [&]() noexcept {
        result = call();
        failed = errno;
    };
    if (const int error = run_in_pool(work); error != 0) {
        return fail(error);
    }
    return result != -1 ? result : fail(failed);
}

/// call(), on what `fd` is: if that is a regular file, and these are offloaded, in a thread.
template <class Call>
auto call_on_file(int fd, Call call) noexcept -> decltype(call()) {
    if (files_offloaded.load(std::memory_order_relaxed) && fd >= 0) [[unlikely]] {
        Hub* hub = fiber_hub();
        if (hub != nullptr && kind_of(fd, record_of(fd)) == FdKind::file) {
            return call_in_pool(*hub, call);
        }
    }
    return call();
}

}  // namespace weft::impl
