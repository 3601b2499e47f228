// Functions of libc that put descriptors in the places of others by themselves.
#include <weft/posix/process.hpp>

#include "posix/end_use.hpp"
#include "posix/fd_record.hpp"
#include "posix/libc.hpp"

namespace weft::posix {

namespace {

constexpr int standard_streams = 3;

}  // namespace

int login_tty(int fd) noexcept {
    impl::end_use(fd);
    for (int number = 0; number < standard_streams; ++number) {
        impl::end_use(number);
    }
    return impl::libc.login_tty(fd);
}

int daemon(int keep_directory, int keep_output) noexcept {
    impl::share_all();
    const int result = impl::libc.daemon(keep_directory, keep_output);
    // In the child, where nobody waits: what the numbers are is not what they were.
    for (int number = 0; result == 0 && number < standard_streams; ++number) {
        impl::end_use(number);
    }
    return result;
}

int forkpty(int* terminal, char* name, const termios* settings, const winsize* size) noexcept {
    will_fork();
    const int child = impl::libc.forkpty(terminal, name, settings, size);
    if (child > 0) {
        impl::begin_shared(*terminal);
    }
    for (int number = 0; child == 0 && number < standard_streams; ++number) {
        impl::end_use(number);
    }
    return child;
}

}  // namespace weft::posix
