// Reading ahead into the buffer of a FILE. libc's structure (bits/types/struct_FILE.h) is part of its ABI: programs have read and
// moved its pointers in macros since ever.
#include "posix/stdio_input.hpp"

#include "posix/call.hpp"
#include "posix/libc.hpp"

#include <stdio_ext.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace weft::impl {

namespace {

// libc's flags; those of the end and of errors are public.
constexpr int user_buffer = 0x1;
constexpr int unbuffered = 0x2;
constexpr int no_reads = 0x4;
constexpr int in_backup = 0x100;  // bytes that were put back come first, and the buffer's after them
constexpr int line_buffered = 0x200;

/// The begin of libc's _IO_wide_data.
struct WideArea {
    const wchar_t* read_ptr;
    const wchar_t* read_end;
};

bool has(const FILE& file, int flags) noexcept { return (file._flags & flags) != 0; }

std::size_t between(const char* begin, const char* end) noexcept {
    return begin < end ? static_cast<std::size_t>(end - begin) : 0;
}

std::size_t bytes_in(const FILE& file) noexcept {
    return between(file._IO_read_ptr, file._IO_read_end) +
           (has(file, in_backup) ? between(file._IO_save_base, file._IO_save_end) : 0);
}

/// Moves bytes that were put back, and lie apart since others had been read, to where those were. What libc does with its pointers
/// when it comes to the end of such bytes.
void merge_backup(FILE& file) noexcept {
    const std::size_t size = between(file._IO_read_ptr, file._IO_read_end);
    if (!has(file, in_backup) || size > between(file._IO_buf_base, file._IO_save_base)) {
        return;
    }
    std::memcpy(file._IO_save_base - size, file._IO_read_ptr, size);
    std::free(file._IO_read_base);
    file._IO_read_base = file._IO_read_ptr = file._IO_save_base - size;
    file._IO_read_end = file._IO_save_end;
    file._IO_save_base = file._IO_save_end = file._IO_backup_base = nullptr;
    file._flags &= ~in_backup;
}

/// How many bytes the line has that begins the buffer, with its delimiter; 0 if its end is not there.
std::size_t line_in(const FILE& file, int delimiter) noexcept {
    const std::size_t size = between(file._IO_read_ptr, file._IO_read_end);
    const void* end = size != 0 ? std::memchr(file._IO_read_ptr, delimiter, size) : nullptr;
    return end != nullptr ? between(file._IO_read_ptr, static_cast<const char*>(end)) + 1 : 0;
}

/// Whether libc has something to make a character of. (It keeps a part of one where it cannot be seen.)
bool has_character(const FILE& file) noexcept {
    if (file._mode > 0) {
        const auto& wide = *reinterpret_cast<const WideArea*>(file._wide_data);
        if (wide.read_ptr < wide.read_end) {
            return true;
        }
    }
    return bytes_in(file) != 0;
}

/// What libc does before it reads: what was written to the FILE goes out, and what waits in stdout to be seen by who types.
void show_output(FILE& file) noexcept {
    if (__fpending(&file) != 0) {
        ::fflush(&file);
    }
    const bool typed = has(file, unbuffered | line_buffered) ||
                       (file._IO_buf_base == nullptr && ::isatty(file._fileno) != 0);
    if (typed && __flbf(stdout) != 0 && __fpending(stdout) != 0) {
        ::fflush(stdout);
    }
}

/// The same format with all of its conversions suppressed, so that it stores and allocates nothing.
std::string without_stores(const char* format) {
    std::string all;
    while (*format != '\0') {
        all += *format++;
        if (all.back() != '%') {
            continue;
        }
        const std::size_t digits = std::strspn(format, "0123456789");
        if (digits != 0 && format[digits] == '$') {
            format += digits + 1;
        }
        if (*format == '%') {
            all += *format++;
        } else if (*format != '*') {
            all += '*';
        }
    }
    return all;
}

/// Whether scanning what is there meets its end: then there may be more to take.
bool scan_ends(const FILE& file, int (*libc_scan)(FILE*, const char*, std::va_list), const char* format,
               ...) noexcept {
    FILE* copy = ::fmemopen(file._IO_read_ptr, bytes_in(file), "r");
    if (copy == nullptr) {
        return false;
    }
    std::va_list none;
    va_start(none, format);
    libc_scan(copy, format, none);
    va_end(none);
    const bool ends = ::feof(copy) != 0;
    ::fclose(copy);
    return ends;
}

}  // namespace

StdioInput::StdioInput(FILE* from) noexcept : file_(from), hub_(fiber_hub()) {}

StdioInput::~StdioInput() {
    if (ended_ && bytes_in(*file_) != 0) {
        file_->_flags &= ~_IO_EOF_SEEN;  // the call has left some: the program has not met the end yet
    }
    unlock();
}

void StdioInput::lock() noexcept {
    ::flockfile(file_);
    locked_ = true;
}

void StdioInput::unlock() noexcept {
    if (locked_) {
        ::funlockfile(file_);
        locked_ = false;
    }
}

bool StdioInput::fail(int error) noexcept {
    file_->_flags |= _IO_ERR_SEEN;
    errno = error;
    return false;
}

std::size_t StdioInput::buffered() const noexcept { return bytes_in(*file_); }

bool StdioInput::waits() const noexcept {
    if (hub_ == nullptr || file_ == nullptr || file_->_fileno < 0 || has(*file_, no_reads)) {
        return false;
    }
    FdRecord& record = record_of(file_->_fileno);
    const FdKind kind = kind_of(file_->_fileno, record);
    return kind != FdKind::unknown && kind != FdKind::file && !is_nonblocking(file_->_fileno, record);
}

bool StdioInput::wait(FdCall& call) noexcept {
    show_output(*file_);
    unlock();
    if (const int error = begin_call(*hub_); error != 0) {
        return fail(error);
    }
    const int error = call.wait();
    if (error == EBADF) {
        errno = error;  // the FILE may have been closed: it is not touched any more
        return false;
    }
    return error == 0 || fail(error == FdCall::lapsed ? EAGAIN : error);
}

bool StdioInput::make_room() noexcept {
    FILE& file = *file_;
    const std::size_t size = between(file._IO_read_ptr, file._IO_read_end);
    if (file._IO_read_ptr != file._IO_buf_base) {
        std::memmove(file._IO_buf_base, file._IO_read_ptr, size);
    } else {
        const std::size_t room = 2 * between(file._IO_buf_base, file._IO_buf_end);
        auto* larger = static_cast<char*>(std::malloc(room));  // which libc frees when it closes the FILE
        if (larger == nullptr) {
            return false;
        }
        std::memcpy(larger, file._IO_read_ptr, size);
        if (!has(file, user_buffer)) {
            std::free(file._IO_buf_base);
        }
        file._flags &= ~user_buffer;
        file._IO_buf_base = larger;
        file._IO_buf_end = larger + room;
    }
    file._IO_read_base = file._IO_read_ptr = file._IO_buf_base;
    file._IO_read_end = file._IO_buf_base + size;
    file._IO_write_base = file._IO_write_ptr = file._IO_write_end = file._IO_buf_base;
    return true;
}

/// The descriptor is readable. Errors are told by errno.
StdioInput::More StdioInput::read_more(int fd) noexcept {
    FILE& file = *file_;
    if (bytes_in(file) == 0) {
        // libc's own way, which makes the buffer and turns from writing to reading.
        if (libc.__underflow(&file) != EOF) {
            return More::some;
        }
        return has(file, _IO_EOF_SEEN) ? More::none : More::failed;
    }
    if (file._IO_read_end == file._IO_buf_end && !make_room()) {
        errno = ENOMEM;
        return More::failed;
    }
    const ssize_t size = sys.read(fd, file._IO_read_end, between(file._IO_read_end, file._IO_buf_end));
    if (size < 0) {
        return errno == EINTR || errno == EAGAIN ? More::some : More::failed;
    }
    file._IO_read_end += size;
    if (file._offset >= 0) {
        file._offset += size;
    }
    if (size == 0) {
        file._flags |= _IO_EOF_SEEN;  // so that libc does not ask for it once more
        ended_ = true;
        return More::none;
    }
    return More::some;
}

template <class Enough>
bool StdioInput::wait_until(FdCall& call, Enough enough) noexcept {
    for (;;) {
        lock();
        merge_backup(*file_);
        const bool fixed = has(*file_, in_backup | unbuffered) && bytes_in(*file_) != 0;
        if (has(*file_, _IO_EOF_SEEN) || fixed || enough(*file_)) {
            return true;
        }
        if (!ready_now(call.fd(), POLLIN)) {
            if (!wait(call)) {
                return false;
            }
        } else if (read_more(call.fd()) == More::failed) {
            return fail(errno);
        }
        unlock();
    }
}

template <class Enough>
bool StdioInput::fill(Enough enough) noexcept {
    const int before = errno;
    if (!waits() || file_->_mode > 0) {
        errno = before;
        return true;
    }
    FdCall call(*hub_, file_->_fileno, false);
    if (call.valid() && !wait_until(call, enough)) {
        return false;
    }
    errno = before;
    return true;
}

bool StdioInput::byte() noexcept { return bytes(1); }

bool StdioInput::bytes(std::size_t count) noexcept {
    if (hub_ == nullptr || bytes_in(*file_) >= count) {
        return true;
    }
    return fill([count](const FILE& file) { return bytes_in(file) >= count; });
}

bool StdioInput::line(int delimiter, std::size_t most) noexcept {
    return fill([=](const FILE& file) { return bytes_in(file) >= most || line_in(file, delimiter) != 0; });
}

bool StdioInput::scan(int (*libc_scan)(FILE*, const char*, std::va_list), const char* format) noexcept {
    if (*format == '\0' || !waits()) {
        return true;
    }
    try {
        const std::string trial = without_stores(format);
        return fill([&](const FILE& file) {
            return bytes_in(file) != 0 && !scan_ends(file, libc_scan, trial.c_str());
        });
    } catch (const std::bad_alloc&) {
        return fail(ENOMEM);
    }
}

bool StdioInput::wide() noexcept {
    if (hub_ == nullptr || has_character(*file_) || file_->_mode < 0) {
        return true;
    }
    const int before = errno;
    if (waits()) {
        FdCall call(*hub_, file_->_fileno, false);
        while (call.valid() && !has(*file_, _IO_EOF_SEEN) && !has_character(*file_) &&
               !ready_now(call.fd(), POLLIN)) {
            if (!wait(call)) {
                return false;
            }
        }
    }
    errno = before;
    return true;
}

}  // namespace weft::impl
