// The texts of socket errors.
#include "net/socket_state.hpp"

#include "base/sys.hpp"

#include <weft/base/error.hpp>

#include <cerrno>

namespace weft::impl {

void SocketState::close() noexcept {
    descriptor.close();
    if (!path.empty()) [[unlikely]] {
        ::unlink(path.c_str());
        path.clear();
    }
}

SocketState& closed_state() noexcept {
    static auto* state = new SocketState;  // outlives every socket object of static storage
    return *state;
}

namespace {

/// Which limit has been met, where the error is about one.
std::string limit_met(int number) {
    if (number == EMFILE) {
        rlimit files{};
        sys.getrlimit(RLIMIT_NOFILE, &files);
        return " (limit of open files, RLIMIT_NOFILE: " + std::to_string(files.rlim_cur) + ")";
    }
    return number == ENFILE ? " (limit of open files of the whole system, fs.file-max)" : "";
}

}  // namespace

std::string describe_error(int number, const std::string& what) {
    return what + limit_met(number) + ": " + std::system_category().message(number);
}

void throw_error(int number, const std::string& what) {
    if (number == ETIMEDOUT) {
        throw TimeoutError(what);
    }
    throw std::system_error(number, std::system_category(), what + limit_met(number));
}

std::string describe(const char* operation, const SocketState& state) {
    std::string text(operation);
    if (state.remote.family() != AF_UNSPEC) {
        text += ' ' + state.remote.to_string();
    }
    const int fd = state.descriptor.fd();
    return text + (fd >= 0 ? " (descriptor " + std::to_string(fd) + ")" : std::string(" (closed)"));
}

void throw_error(int number, const char* operation, const SocketState& state) {
    throw_error(number, describe(operation, state));
}

}  // namespace weft::impl
