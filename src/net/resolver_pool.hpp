// The threads in which libc's resolver runs, for all who ask it.
#pragma once

#include <weft/pool/thread_pool.hpp>

namespace weft::impl {

/// Never ends: its threads may still be in libc when the process does.
ThreadPool& resolver_pool();

}  // namespace weft::impl
