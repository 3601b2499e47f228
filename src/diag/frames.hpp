// Return addresses: of the caller, of a fiber that is parked, and of what a signal has interrupted.
#pragma once

#include "context/switch.hpp"

#include <cstddef>
#include <span>

namespace weft::impl {

/// All of these fill `out` from the innermost frame on and return how many there were room for. They allocate nothing, and
/// write to no stack but the caller's.

/// Leaves out the frame of this call itself.
std::size_t frames_here(std::span<const void*> out) noexcept;

/// The execution must stay suspended meanwhile. 0 where weft has no way to unwind it (other machines than x86-64).
std::size_t frames_of(const Execution& suspended, std::span<const void*> out) noexcept;

/// In a signal handler, `context` being its third argument.
std::size_t frames_interrupted(const void* context, std::span<const void*> out) noexcept;

/// Whether the signal has interrupted the library's own code.
bool interrupted_inside(const void* context) noexcept;

/// The first backtrace of a process loads a library, which a signal handler must not do; and where the library's code lies is
/// looked up.
void prepare_unwinder() noexcept;

}  // namespace weft::impl
