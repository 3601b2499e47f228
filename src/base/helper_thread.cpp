// Threads that the library makes for itself.
#include "base/helper_thread.hpp"

#include <csignal>

#include <utility>

namespace weft::impl {

namespace {

constinit thread_local bool helper = false;

/// A thread inherits the mask of its maker.
class ProgramSignalsBlocked {
public:
    ProgramSignalsBlocked() noexcept {
        sigset_t blocked;
        ::sigfillset(&blocked);
        for (const int open :
             {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF, SIGVTALRM}) {
            ::sigdelset(&blocked, open);
        }
        ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
    }
    ProgramSignalsBlocked(const ProgramSignalsBlocked&) = delete;
    ProgramSignalsBlocked& operator=(const ProgramSignalsBlocked&) = delete;
    ~ProgramSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

std::thread start_helper_thread(std::function<void()> body) {
    const ProgramSignalsBlocked blocked;
    return std::thread([body = std::move(body)] {
        helper = true;
        body();
    });
}

bool is_helper_thread() noexcept { return helper; }

}  // namespace weft::impl
