// Signals by signalfd.
#include <weft/os/signal.hpp>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "core/fork.hpp"
#include "io/io.hpp"

#include <cerrno>
#include <mutex>
#include <string>

namespace weft::impl {

namespace {

/// Which signals have a receiver: a signal reaches one reader only, so two receivers would each miss some.
class Registry final : AroundFork {
public:
    void take(std::initializer_list<int> signals) {
        part_.list();
        const std::scoped_lock lock(mutex_);
        for (const int signal : signals) {
            if (::sigismember(&taken_, signal) != 0) {
                throw std::system_error(EBUSY, std::system_category(),
                                        "signal " + std::to_string(signal) + " has a receiver already");
            }
        }
        for (const int signal : signals) {
            ::sigaddset(&taken_, signal);
        }
    }
    void give_back(const sigset_t& signals) noexcept {
        const std::scoped_lock lock(mutex_);
        for (int signal = 1; signal <= SIGRTMAX; ++signal) {
            if (::sigismember(&signals, signal) == 1) {
                ::sigdelset(&taken_, signal);
            }
        }
    }

private:
    void before_fork() noexcept override { mutex_.lock(); }
    void after_fork_in_parent() noexcept override { mutex_.unlock(); }
    void after_fork_in_child() noexcept override { mutex_.unlock(); }

    std::mutex mutex_;
    sigset_t taken_{};
    ForkPart part_{*this};
};

Registry& registry() {
    static auto* all = new Registry;  // receivers may be static
    return *all;
}

sigset_t checked(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) {
        bool valid = ::sigaddset(&set, signal) == 0;
        for (const int never_received :
             {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
            valid = valid && signal != never_received;
        }
        if (!valid) {
            throw_errno(EINVAL, "wait for signal " + std::to_string(signal));
        }
    }
    return set;
}

}  // namespace

class SignalReceiver {
public:
    explicit SignalReceiver(std::initializer_list<int> signals) : signals_(checked(signals)) {
        UniqueFd fd(sys.signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC));
        if (!fd) {
            throw_errno(errno, "signalfd");
        }
        registry().take(signals);
        descriptor_ = Descriptor(std::move(fd));
        sys.pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    }
    SignalReceiver(const SignalReceiver&) = delete;
    SignalReceiver& operator=(const SignalReceiver&) = delete;
    ~SignalReceiver() {
        descriptor_.close();
        registry().give_back(signals_);
        // Only what was open before; the kernel delivers what is pending.
        sigset_t open = signals_;
        for (int signal = 1; signal <= SIGRTMAX; ++signal) {
            if (::sigismember(&before_, signal) == 1) {
                ::sigdelset(&open, signal);
            }
        }
        sys.pthread_sigmask(SIG_UNBLOCK, &open, nullptr);
    }

    int wait(Deadline deadline) {
        for (;;) {
            signalfd_siginfo info{};
            const ssize_t size = sys.read(descriptor_.fd(), &info, sizeof info);
            if (size == static_cast<ssize_t>(sizeof info)) {
                return static_cast<int>(info.ssi_signo);
            }
            int error = errno;
            if (error == EAGAIN) {
                error = wait_readable(descriptor_, deadline);
            }
            if (error == ETIMEDOUT) {
                throw TimeoutError("wait for a signal");
            }
            if (error != 0 && error != EINTR) {
                throw_errno(error, "wait for a signal", descriptor_.fd());
            }
        }
    }

private:
    sigset_t signals_;
    sigset_t before_{};
    Descriptor descriptor_;
};

}  // namespace weft::impl

namespace weft::os {

SignalSet::SignalSet(std::initializer_list<int> signals)
    : receiver_(std::make_unique<impl::SignalReceiver>(signals)) {}

SignalSet::~SignalSet() = default;

int SignalSet::wait(Deadline deadline) { return receiver_->wait(deadline); }

int wait_signal(std::initializer_list<int> signals, Deadline deadline) {
    return SignalSet(signals).wait(deadline);
}

}  // namespace weft::os
