// A dump when a signal comes: the handler only wakes a thread that writes it.
#include "diag/dump_signal.hpp"

#include "base/env.hpp"
#include "base/error.hpp"
#include "base/helper_thread.hpp"
#include "base/sys.hpp"
#include "core/hub_registry.hpp"
#include "diag/fork_mutex.hpp"
#include "diag/visit.hpp"

#include <weft/diag/dump.hpp>

#include <semaphore.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>

namespace weft::impl {

namespace {

// Never destroyed: the thread outlives main.
struct DumpThread {
    ForkMutex lock;
    pid_t process = 0;  ///< in which it runs; a fork's child has none
    diag::DumpOptions options;
    sem_t asked;
};

DumpThread& dump_thread() {
    static DumpThread& the = *new DumpThread;
    return the;
}

sem_t* asked = nullptr;  // for the handler; set before that

void on_signal(int) {
    const int saved = errno;
    ::sem_post(asked);
    errno = saved;
}

void write_dumps() {
    DumpThread& self = dump_thread();
    for (;;) {
        while (::sem_wait(&self.asked) != 0) {
        }
        try {
            diag::DumpOptions options;
            {
                const std::lock_guard lock(self.lock);
                options = self.options;
            }
            diag::dump(options);
        } catch (const std::exception& error) {
            warn("no dump: %s", error.what());
        }
    }
}

void start_thread(DumpThread& thread) {
    if (thread.process == ::getpid()) {
        return;
    }
    if (::sem_init(&thread.asked, 0, 0) != 0) {
        throw_errno(errno, "sem_init");
    }
    asked = &thread.asked;
    start_helper_thread(&write_dumps).detach();
    thread.process = ::getpid();
    count_own_thread(1);
}

}  // namespace

int signal_named(std::string_view name) {
    int number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) {
        return number;
    }
    const std::string_view abbreviation = name.starts_with("SIG") ? name.substr(3) : name;
    for (int signal = 1; signal < NSIG; ++signal) {
        const char* known = ::sigabbrev_np(signal);
        if (known != nullptr && abbreviation == known) {
            return signal;
        }
    }
    return 0;
}

void dump_on_environment() {
    const auto name = env::text("WEFT_DUMP_SIGNAL");
    if (!name) {
        return;
    }
    const int signal = signal_named(*name);
    try {
        diag::dump_on_signal(signal);
    } catch (const std::invalid_argument&) {
        throw std::invalid_argument("weft: WEFT_DUMP_SIGNAL=\"" + std::string(*name) +
                                    "\" is no signal for that; give a name (USR1, SIGUSR1) or a number");
    }
}

}  // namespace weft::impl

namespace weft::diag {

void dump_on_signal(int signal, const DumpOptions& options) {
    // Some cannot be caught; a fault would happen again at once; and the last one is what hubs are interrupted by.
    static constexpr int unfit[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGURG};
    if (signal <= 0 || signal >= NSIG ||
        std::find(std::begin(unfit), std::end(unfit), signal) != std::end(unfit)) {
        throw std::invalid_argument("weft: dump_on_signal: " + std::to_string(signal) +
                                    " is no signal for that");
    }
    impl::claim_signal();
    impl::DumpThread& thread = impl::dump_thread();
    {
        const std::lock_guard lock(thread.lock);
        thread.options = options;
        impl::start_thread(thread);
    }
    struct sigaction action {};
    action.sa_handler = &impl::on_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    if (impl::sys.sigaction(signal, &action, nullptr) != 0) {
        impl::throw_errno(errno, "sigaction(" + std::to_string(signal) + ")");
    }
}

}  // namespace weft::diag
