// The exceptions of weft. Everything that is an operating-system or input/output error is a
// std::system_error.
#pragma once

#include <weft/base/export.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace weft {

/// Error codes that are weft's own and not the operating system's.
enum class Errc {
    end_of_stream = 1,  ///< the stream ended before all the bytes that were asked for had come
};

/// The category of Errc; its name is "weft".
[[nodiscard]] WEFT_API const std::error_category& error_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

/// A deadline has passed. code() is std::errc::timed_out.
class WEFT_API TimeoutError : public std::system_error {
public:
    /// `operation` says what did not end in time: "recv on descriptor 5".
    explicit TimeoutError(const std::string& operation);
    TimeoutError(const TimeoutError&) = default;
    TimeoutError& operator=(const TimeoutError&) = default;
    ~TimeoutError() override;
};

/// The stream ended too early. A std::system_error, so that one handler serves all failures of input and
/// output; code() is Errc::end_of_stream.
class WEFT_API EndOfStream : public std::system_error {
public:
    explicit EndOfStream(const std::string& operation);
    EndOfStream(const EndOfStream&) = default;
    EndOfStream& operator=(const EndOfStream&) = default;
    ~EndOfStream() override;
};

/// Nothing can ever run again. what() holds a dump of who waits for what.
class WEFT_API Deadlock : public std::runtime_error {
public:
    explicit Deadlock(const std::string& dump);
    Deadlock(const Deadlock&) = default;
    Deadlock& operator=(const Deadlock&) = default;
    ~Deadlock() override;
};

/// How a fiber ends, in the child of a fork, that was not the one to call fork(): it was left behind in the parent.
class WEFT_API Abandoned : public std::runtime_error {
public:
    Abandoned();
    Abandoned(const Abandoned&) = default;
    Abandoned& operator=(const Abandoned&) = default;
    ~Abandoned() override;
};

/// The waiting call was cancelled, and did not happen. Not a std::exception, so that a handler for errors
/// lets it pass.
class WEFT_API Cancelled {
public:
    /// `reason` is not copied: a string literal, or a text that outlives the unwinding.
    explicit Cancelled(const char* reason = "cancelled") noexcept : reason_(reason) {}
    [[nodiscard]] const char* what() const noexcept { return reason_; }

private:
    const char* reason_;
};

/// What kill() throws into a fiber unless it is given another exception. Not a std::exception; a fiber that
/// ends with it has not failed, and nothing is reported.
class WEFT_API FiberExit {
public:
    [[nodiscard]] const char* what() const noexcept { return "fiber killed"; }
};

}  // namespace weft

template <>
struct std::is_error_code_enum<weft::Errc> : std::true_type {};
