// Forking: whatever is open has two holders afterwards.
#include <weft/posix/process.hpp>

#include "posix/accept_turn.hpp"
#include "posix/fd_record.hpp"
#include "posix/libc.hpp"

namespace weft::posix {

void will_fork() noexcept {
    impl::share_all();
    impl::share_accept_turns();
}

pid_t fork() noexcept {
    will_fork();
    return impl::libc.fork();
}

}  // namespace weft::posix
