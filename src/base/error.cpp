// The exception types' members, and the ways to report a failure.
#include "base/error.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "base/sys.hpp"

namespace weft {
namespace {

class WeftCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "weft"; }
    [[nodiscard]] std::string message(int code) const override {
        return code == static_cast<int>(Errc::end_of_stream) ? "end of stream" : "unknown weft error";
    }
};

}  // namespace

const std::error_category& error_category() noexcept {
    static const WeftCategory category;
    return category;
}

TimeoutError::TimeoutError(const std::string& operation)
    : std::system_error(std::make_error_code(std::errc::timed_out), operation) {}
TimeoutError::~TimeoutError() = default;

EndOfStream::EndOfStream(const std::string& operation) : std::system_error(Errc::end_of_stream, operation) {}
EndOfStream::~EndOfStream() = default;

Deadlock::Deadlock(const std::string& dump) : std::runtime_error(dump) {}
Deadlock::~Deadlock() = default;

Abandoned::Abandoned() : std::runtime_error("weft: the fiber was left behind in the parent by fork") {}
Abandoned::~Abandoned() = default;

}  // namespace weft

namespace weft::impl {
namespace {

void print_line(const char* format, std::va_list arguments) {
    constexpr std::string_view prefix = "weft: ";
    char text[1024];
    prefix.copy(text, prefix.size());
    const std::size_t room = sizeof text - prefix.size() - 1;
    const int wanted = std::vsnprintf(text + prefix.size(), room, format, arguments);
    std::size_t length = prefix.size();
    if (wanted > 0) {
        length += static_cast<std::size_t>(wanted) < room ? static_cast<std::size_t>(wanted) : room - 1;
    }
    text[length++] = '\n';
    write_stderr({text, length});
}

}  // namespace

constinit std::atomic<DumpHook> fatal_dump_hook{nullptr};

void throw_errno(int err, std::string_view operation) {
    throw std::system_error(err, std::system_category(), std::string(operation));
}

void throw_errno(int err, std::string_view operation, int fd) {
    throw std::system_error(err, std::system_category(),
                            std::string(operation) + " on descriptor " + std::to_string(fd));
}

void write_stderr(std::string_view text) noexcept {
    const int saved = errno;
    while (!text.empty()) {
        const ssize_t n = sys.write(STDERR_FILENO, text.data(), text.size());
        if (n <= 0 && errno != EINTR) {
            break;
        }
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    errno = saved;
}

void warn(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
}

void fatal(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
    // The dump itself may find something broken: the second call prints its message and goes straight to
    // abort.
    static constinit std::atomic<bool> dumped{false};
    const DumpHook dump = fatal_dump_hook.load();
    if (!dumped.exchange(true) && dump != nullptr) {
        dump();
    }
    std::abort();
}

}  // namespace weft::impl
