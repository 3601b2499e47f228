// The input that a call of stdio will take, waited for before the call: libc then finds it in the FILE's buffer and does not wait, and
// who is interrupted has taken nothing.
#pragma once

#include <weft/base/export.hpp>

#include <stdio.h>

#include <cstdarg>
#include <cstddef>

namespace weft::impl {

class FdCall;
class Hub;

/// For one call. Holds the lock of the FILE from the last look at the buffer on, so that no other thread takes what was found.
class WEFT_API StdioInput {
public:
    explicit StdioInput(FILE* from) noexcept;
    StdioInput(const StdioInput&) = delete;
    StdioInput& operator=(const StdioInput&) = delete;
    ~StdioInput();

    // True: libc may be called. False: the call has failed, with errno set as at an error of a read.

    bool byte() noexcept;
    bool bytes(std::size_t count) noexcept;
    /// A whole line, or `most` bytes of it.
    bool line(int delimiter, std::size_t most) noexcept;
    /// What `libc_scan` will take with this format, which is tried on a copy.
    bool scan(int (*libc_scan)(FILE*, const char*, std::va_list), const char* format) noexcept;
    bool wide() noexcept;

    /// Whether a fiber reads what can be waited for: else libc is called without more ado.
    [[nodiscard]] bool waits() const noexcept;
    /// How many bytes libc can take at once.
    [[nodiscard]] std::size_t buffered() const noexcept;

private:
    enum class More : unsigned char { some, none, failed };

    template <class Enough>
    bool fill(Enough enough) noexcept;
    template <class Enough>
    bool wait_until(FdCall& call, Enough enough) noexcept;
    bool wait(FdCall& call) noexcept;
    More read_more(int fd) noexcept;
    bool make_room() noexcept;
    void lock() noexcept;
    void unlock() noexcept;
    bool fail(int error) noexcept;

    FILE* file_;
    Hub* hub_;
    bool locked_ = false;
    bool ended_ = false;  ///< this has met the end of the input, behind what is in the buffer
};

}  // namespace weft::impl
