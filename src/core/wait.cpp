// Wait records: whose they are, and what their reasons are called.
#include "core/wait.hpp"

#include "core/hub.hpp"

namespace weft::impl {

const char* to_string(WaitReason reason) noexcept {
    switch (reason) {
        case WaitReason::sleep:
            return "sleep";
        case WaitReason::join:
            return "join";
        case WaitReason::readable:
            return "readable";
        case WaitReason::writable:
            return "writable";
        case WaitReason::mutex:
            return "mutex";
        case WaitReason::event:
            return "event";
        case WaitReason::future:
            return "future";
        case WaitReason::semaphore:
            return "semaphore";
        case WaitReason::condition:
            return "condition";
        case WaitReason::pool_job:
            return "pool job";
        case WaitReason::all_parked:
            return "all others to park";
        case WaitReason::any_of:
            return "any of several";
        case WaitReason::task_group:
            return "task group";
        case WaitReason::countdown:
            return "countdown";
        case WaitReason::barrier:
            return "barrier";
        case WaitReason::once:
            return "once";
        case WaitReason::send:
            return "room in a channel";
        case WaitReason::receive:
            return "an item of a channel";
        case WaitReason::select:
            return "one of several cases";
    }
    return "?";
}

}  // namespace weft::impl
