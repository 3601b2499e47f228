// Forking: whatever is open has two holders afterwards.
#include <weft/posix/process.hpp>

#include "posix/fd_record.hpp"
#include "posix/libc.hpp"

namespace weft::posix {

void will_fork() noexcept { impl::share_all(); }

pid_t fork() noexcept {
    impl::share_all();
    return impl::libc.fork();
}

}  // namespace weft::posix
