// The report of a stack overflow: which fiber, how large its stack, where it was.
#pragma once

#include <cstddef>
#include <cstdint>

#include "context/stack.hpp"

namespace weft::impl {

struct FiberDescription {
    const char* name = "";
    std::uint64_t id = 0;
};

/// Set by core: whose stack is this? False: nobody's. Called in a signal handler.
using DescribeStack = bool (*)(const StackSlot*, FiberDescription&) noexcept;
extern constinit DescribeStack describe_stack;

/// Installs the SIGSEGV handler, once per process, unless WEFT_OVERFLOW_REPORT=0. The first stack does it.
/// Throws std::invalid_argument at a bad value of that variable.
void install_overflow_report();

/// An alternate signal stack for the calling thread, without which a report of an overflow cannot run. A
/// thread that has one already keeps it. Destroyed by the thread that made it.
class AltStack {
public:
    AltStack() noexcept;
    AltStack(const AltStack&) = delete;
    AltStack& operator=(const AltStack&) = delete;
    ~AltStack();

private:
    void* memory_ = nullptr;
};

}  // namespace weft::impl
