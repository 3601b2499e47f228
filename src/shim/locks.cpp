// Locks whose functions are more than their arguments: those of the C++ library, those of signal handlers, and the kernel's.
#include "shim/gate.hpp"
#include "shim/originals.hpp"
#include "shim/own_code.hpp"

#include "posix/guard.hpp"
#include "posix/port.hpp"

#include <weft/posix/lock.hpp>

#include <sys/syscall.h>

using weft::impl::book_gate;
using weft::impl::is_own_code;
using weft::shim::Group;

// The objects that it is about are initialised by the compiler's code, once its own look at their guard has said that they are not.
WEFT_SHIM(__cxa_guard_acquire, int, (void* guard)) {
    if (weft::impl::wrap_gate(Group::locks) && !is_own_code(__builtin_return_address(0))) {
        return weft::impl::guard_acquire(guard) ? 1 : 0;
    }
    return WEFT_ORIGINAL(__cxa_guard_acquire, int, (void*))(guard);
}

WEFT_SHIM(__cxa_guard_release, void, (void* guard)) {
    if (book_gate(Group::locks)) {
        weft::impl::guard_release(guard);
    } else {
        WEFT_ORIGINAL(__cxa_guard_release, void, (void*))(guard);
    }
}

WEFT_SHIM(__cxa_guard_abort, void, (void* guard)) {
    if (book_gate(Group::locks)) {
        weft::impl::guard_abort(guard);
    } else {
        WEFT_ORIGINAL(__cxa_guard_abort, void, (void*))(guard);
    }
}

WEFT_SHIM(sem_post, int, (sem_t * semaphore)) {
    if (book_gate(Group::locks)) {
        return weft::posix::sem_post(semaphore);
    }
    // In a handler it wakes fibers too: POSIX has it for that.
    return weft::impl::group_enabled(Group::locks) && weft::impl::bypass.frame != weft::impl::vfork_child
               ? weft::impl::sem_post_from_signal(semaphore)
               : WEFT_ORIGINAL(sem_post, int, (sem_t*))(semaphore);
}

// Its callers see a variadic function, whose arguments come as those of this one do; what is not there is not looked at.
WEFT_SHIM(syscall, long, (long number, long a, long b, long c, long d, long e, long f)) {
    if (number == SYS_futex && book_gate(Group::locks) && !is_own_code(__builtin_return_address(0))) {
        return weft::posix::futex(a, b, c, d, e, f);
    }
    return WEFT_ORIGINAL(syscall, long, (long, long, long, long, long, long, long))(number, a, b, c, d, e, f);
}
