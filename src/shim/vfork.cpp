// fork's relatives. vfork(): the child runs on the parent's memory until it calls exec, but its descriptors are its own. Everything that it calls
// until then is libc's, and what it closes is not told to the hubs.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include <weft/posix/process.hpp>

namespace weft::impl {

namespace {

/// Where vfork() returns to, in both processes: their stack is one, and the child's calls overwrite what lies below.
constinit thread_local void* vfork_return __attribute__((tls_model("initial-exec"))) = nullptr;
constinit thread_local const char* before_vfork __attribute__((tls_model("initial-exec"))) = nullptr;

}  // namespace

extern "C" {

/// Before it: keeps the return address and yields libc's vfork().
__attribute__((used, visibility("hidden"))) void* weft_shim_before_vfork(void* return_address) noexcept {
    vfork_return = return_address;
    if (book_gate(shim::Group::book)) {
        posix::will_fork();
    }
    before_vfork = bypass.frame;
    bypass.frame = vfork_child;
    return reinterpret_cast<void*>(WEFT_ORIGINAL(vfork, int, ()));
}

/// After it, in both: yields the return address.
__attribute__((used, visibility("hidden"))) void* weft_shim_after_vfork(int result) noexcept {
    bypass.frame = result == 0 ? vfork_child : before_vfork;
    return vfork_return;
}
}

}  // namespace weft::impl

// fork() without what is called around it: the hub is not told, and its descriptors are the parent's. The child is there to call
// exec, or what a signal handler may call.
WEFT_SHIM(_Fork, pid_t, ()) {
    using namespace weft::impl;
    if (book_gate(weft::shim::Group::book)) {
        weft::posix::will_fork();
    }
    const pid_t child = WEFT_ORIGINAL(_Fork, pid_t, ())();
    if (child == 0) {
        bypass.frame = vfork_child;
    }
    return child;
}

#if defined(__x86_64__)
// libc's vfork() takes its return address off the stack and puts it back in each of the two; so does this.
__asm__(R"(
    .text
    .p2align 4
    .globl vfork
    .type vfork, %function
vfork:
    popq %rdi
    call weft_shim_before_vfork
    call *%rax
    pushq %rax
    subq $8, %rsp
    movl %eax, %edi
    call weft_shim_after_vfork
    movq %rax, %rdx
    addq $8, %rsp
    popq %rax
    jmp *%rdx
    .size vfork, . - vfork
)");
#else
// POSIX lets vfork() be a fork().
WEFT_SHIM(vfork, int, ()) { return weft::posix::fork(); }
#endif
