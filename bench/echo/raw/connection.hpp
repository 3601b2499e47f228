// One connection of the raw generator, and the ways in which it can fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/pattern.hpp"
#include "options.hpp"

namespace weft::bench {

enum class Error : std::size_t { connect, reset, closed, corrupted, stalled, other };
inline constexpr std::array<const char*, 6> error_names{"connect",   "reset",   "closed",
                                                        "corrupted", "stalled", "other"};
using Errors = std::array<std::uint64_t, error_names.size()>;

Error error_of_errno(int code);

struct Connection {
    int fd = -1;
    bool hog = false;
    std::size_t message_bytes = 0;
    std::size_t send_place = 0;  // in the pattern
    std::size_t receive_place = 0;
    std::size_t budget = 0;              // bytes that may be sent now
    std::size_t missing = 0;             // bytes up to the end of the message that is being received
    std::size_t in_flight = 0;           // messages; 0 between slices
    std::vector<std::uint64_t> sent_at;  // a ring of as many as are in flight
    std::size_t oldest = 0;

    Connection(int descriptor, std::size_t stream, std::size_t bytes, std::size_t depth);
};

/// Connects, waiting at most five seconds, and has a few bytes echoed, so that the server has surely accepted it. Returns the
/// descriptor, non-blocking and with TCP_NODELAY, or -1 with `error` set.
int connect_and_echo_once(const Target& target, const Pattern& pattern, Error& error);

/// Closes with a reset, so that no run leaves thousands of TIME_WAIT entries behind for the next one.
void close_with_reset(int fd);

}  // namespace weft::bench
