// The threads that wait for std::futures.
#include <weft/future/std_future.hpp>

#include "base/helper_thread.hpp"

namespace weft::impl {

void run_in_own_thread(std::function<void()> body) { start_helper_thread(std::move(body)).detach(); }

}  // namespace weft::impl
