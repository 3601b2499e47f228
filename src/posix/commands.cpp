// Commands of the shell, and starting programs. Their ends are waited for by threads, which call libc's own functions.
#include <weft/posix/process.hpp>

#include "posix/call.hpp"
#include "posix/end_use.hpp"
#include "posix/fd_record.hpp"
#include "posix/libc.hpp"
#include "posix/offload.hpp"
#include "posix/port.hpp"

#include <string>

namespace weft::posix {

using impl::Hub;

namespace {

/// system() in another thread: the command gets the signal mask of the thread that has called it.
struct SystemCall {
    std::string command;
    bool given = false;
    sigset_t mask{};
    int result = -1;
    int error = 0;

    void work() noexcept {
        sigset_t before;
        impl::sys.pthread_sigmask(SIG_SETMASK, &mask, &before);
        result = impl::libc.system(given ? command.c_str() : nullptr);
        error = errno;
        impl::sys.pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
};

struct CloseCommand {
    FILE* stream;
    int result = -1;
    int error = 0;

    void work() noexcept {
        result = impl::libc.pclose(stream);
        error = errno;
    }
};

/// The result of a call that has been made by a thread.
template <class State>
int made(int error, const State& state) noexcept {
    if (error != 0) {
        return impl::fail(error);
    }
    return state.result != -1 ? state.result : impl::fail(state.error);
}

}  // namespace

int system(const char* command) {
    impl::share_all();
    Hub* hub = impl::fiber_hub();
    if (hub == nullptr) {
        return impl::libc.system(command);
    }
    if (const int error = impl::begin_call(*hub); error != 0) {
        return impl::fail(error);
    }
    try {
        const auto state = std::make_shared<SystemCall>();
        state->given = command != nullptr;
        state->command = command != nullptr ? command : "";
        impl::sys.pthread_sigmask(SIG_SETMASK, nullptr, &state->mask);
        return made(impl::offload(blocking_pool(), state), *state);
    } catch (const std::bad_alloc&) {
        return impl::fail(ENOMEM);
    }
}

FILE* popen(const char* command, const char* mode) noexcept {
    impl::share_all();
    FILE* stream = impl::libc.popen(command, mode);
    if (stream != nullptr) {
        impl::begin_shared(::fileno(stream));
    }
    return stream;
}

int pclose(FILE* stream) {
    impl::end_use_of_stream(stream);
    if (impl::fiber_hub() == nullptr) {
        return impl::libc.pclose(stream);
    }
    // Also if the fiber is interrupted already: a stream that has been given to pclose() is nobody's any more.
    try {
        const auto state = std::make_shared<CloseCommand>();
        state->stream = stream;
        return made(impl::offload(blocking_pool(), state, true), *state);
    } catch (const std::bad_alloc&) {
        return impl::fail(ENOMEM);
    }
}

int posix_spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments,
                char* const* environment) noexcept {
    impl::share_all();
    return impl::libc.posix_spawn(child, path, actions, attributes, arguments, environment);
}

int posix_spawnp(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* arguments,
                 char* const* environment) noexcept {
    impl::share_all();
    return impl::libc.posix_spawnp(child, file, actions, attributes, arguments, environment);
}

}  // namespace weft::posix

namespace weft::impl {

int spawn_pidfd(SpawnPidfd* original, int* pidfd, const char* program,
                const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes,
                char* const* arguments, char* const* environment) noexcept {
    if (original == nullptr) {
        return ENOSYS;
    }
    share_all();
    int made = -1;
    const int error = original(&made, program, actions, attributes, arguments, environment);
    if (error == 0 && pidfd != nullptr) {
        *pidfd = begun(made, FdKind::pollable, false);
    }
    return error;
}

}  // namespace weft::impl
