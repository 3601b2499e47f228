// Signals that a fiber waits for, instead of a handler that may call next to nothing.
#pragma once

#include <weft/base/export.hpp>
#include <weft/time/deadline.hpp>

#include <initializer_list>
#include <memory>

namespace weft::impl {
class SignalReceiver;
}

namespace weft::os {

/// Takes signals for as long as it lives: they are blocked in the calling thread, and wait() hands them out.
/// Make it in main() before other threads start, which inherit the blocking; threads that weft starts take no
/// signals anyway. A burst of one signal may arrive as one. What has not been handed out at the end is
/// delivered in the ordinary way.
class WEFT_API SignalSet {
public:
    /// Errors: std::system_error: invalid_argument for a number that is no signal (or SIGKILL, SIGSTOP, or
    /// one that tells of the program's own fault), device_or_resource_busy when another SignalSet has it.
    SignalSet(std::initializer_list<int> signals);
    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;
    /// In the thread that has made it.
    ~SignalSet();

    /// Takes the next signal and returns its number.
    ///
    /// Suspends:  while none has arrived.
    /// Cancel:    no signal is lost.
    /// Errors:    TimeoutError past the deadline.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    int wait(Deadline deadline = never);

private:
    std::unique_ptr<impl::SignalReceiver> receiver_;
};

/// Waits for one of the signals and returns its number. Signals that come before or after are not held back:
/// a program that must miss none keeps a SignalSet.
///
/// Suspends:  while none has arrived.
/// Cancel:    no signal is lost.
/// Errors:    as SignalSet; TimeoutError past the deadline.
/// Threads:   any fiber or thread.
/// Since:     0.1
WEFT_API int wait_signal(std::initializer_list<int> signals, Deadline deadline = never);

}  // namespace weft::os
