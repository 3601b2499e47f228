// Threads that the library makes for itself.
#pragma once

#include <functional>
#include <thread>

namespace weft::impl {

/// Starts a thread that takes no signals meant for the program: they go to the threads that the program made.
/// Signals that a thread brings upon itself, and the profilers', stay open. Throws std::system_error.
std::thread start_helper_thread(std::function<void()> body);

/// Whether the calling thread is such a one.
bool is_helper_thread() noexcept;

}  // namespace weft::impl
