// The calls that read from a FILE: its input is waited for, and the rest is libc's.
#include <weft/posix/stdio.hpp>

#include "posix/end_use.hpp"
#include "posix/libc.hpp"
#include "posix/stdio_input.hpp"

#include <stdio_ext.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace weft::posix {

using impl::StdioInput;

namespace {

// As much as the buffer of a FILE is made to hold for fread().
constexpr std::size_t largest_part = std::size_t{64} << 10;

using Read = std::size_t(void*, std::size_t, std::size_t, FILE*);

/// What does not make a whole item goes back.
std::size_t whole_items(const char* from, std::size_t done, std::size_t size, FILE* file) noexcept {
    for (std::size_t left = done % size; left != 0; --left) {
        ::ungetc(static_cast<unsigned char>(from[--done]), file);
    }
    return done / size;
}

std::size_t read_items(Read* read, char* to, std::size_t size, std::size_t count, FILE* from) noexcept {
    const std::size_t total = size * count;
    if (!StdioInput(from).waits() || total == 0) {
        return read(to, size, count, from);
    }
    std::size_t done = 0;
    while (done < total) {
        const bool unbuffered = __fbufsize(from) == 1;
        const std::size_t part = unbuffered ? 1 : std::min(total - done, largest_part);
        StdioInput input(from);
        if (!input.bytes(part)) {
            const int error = errno;
            done = whole_items(to, done, size, from);
            errno = error;
            return done;
        }
        // At the end libc would ask once more for what is missing.
        const std::size_t there = std::min(part, input.buffered());
        const std::size_t taken = there != 0 ? read(to + done, 1, there, from) : 0;
        done += taken;
        if (taken == 0 || (taken < part && ::feof_unlocked(from) != 0)) {
            break;
        }
    }
    return done / size;
}

std::size_t room_for_text(int size) noexcept { return size > 1 ? static_cast<std::size_t>(size) - 1 : 0; }

}  // namespace

std::size_t fread(void* to, std::size_t size, std::size_t count, FILE* from) noexcept {
    return read_items(impl::libc.fread, static_cast<char*>(to), size, count, from);
}

std::size_t fread_unlocked(void* to, std::size_t size, std::size_t count, FILE* from) noexcept {
    return read_items(impl::libc.fread_unlocked, static_cast<char*>(to), size, count, from);
}

char* fgets(char* to, int size, FILE* from) noexcept {
    StdioInput input(from);
    return input.line('\n', room_for_text(size)) ? impl::libc.fgets(to, size, from) : nullptr;
}

char* fgets_unlocked(char* to, int size, FILE* from) noexcept {
    StdioInput input(from);
    return input.line('\n', room_for_text(size)) ? impl::libc.fgets_unlocked(to, size, from) : nullptr;
}

ssize_t getline(char** line, std::size_t* size, FILE* from) noexcept {
    return posix::getdelim(line, size, '\n', from);
}

ssize_t getdelim(char** line, std::size_t* size, int delimiter, FILE* from) noexcept {
    StdioInput input(from);
    return input.line(delimiter, SIZE_MAX) ? impl::libc.getdelim(line, size, delimiter, from) : -1;
}

int fgetc(FILE* from) noexcept {
    StdioInput input(from);
    return input.byte() ? impl::libc.fgetc(from) : EOF;
}

int fgetc_unlocked(FILE* from) noexcept {
    StdioInput input(from);
    return input.byte() ? impl::libc.fgetc_unlocked(from) : EOF;
}

int getchar() noexcept { return posix::fgetc(stdin); }

int getchar_unlocked() noexcept { return posix::fgetc_unlocked(stdin); }

int getw(FILE* from) noexcept {
    StdioInput input(from);
    return input.bytes(sizeof(int)) ? impl::libc.getw(from) : EOF;
}

int fclose(FILE* file) {
    impl::end_use_of_stream(file);
    return impl::libc.fclose(file);
}

FILE* freopen(const char* path, const char* mode, FILE* file) {
    impl::end_use_of_stream(file);
    return impl::libc.freopen(path, mode, file);
}

wint_t fgetwc(FILE* from) noexcept {
    StdioInput input(from);
    return input.wide() ? impl::libc.fgetwc(from) : WEOF;
}

wint_t fgetwc_unlocked(FILE* from) noexcept {
    StdioInput input(from);
    return input.wide() ? impl::libc.fgetwc_unlocked(from) : WEOF;
}

wint_t getwchar() noexcept { return posix::fgetwc(stdin); }

wint_t getwchar_unlocked() noexcept { return posix::fgetwc_unlocked(stdin); }

wchar_t* fgetws(wchar_t* to, int size, FILE* from) noexcept {
    StdioInput input(from);
    return size <= 1 || input.wide() ? impl::libc.fgetws(to, size, from) : nullptr;
}

wchar_t* fgetws_unlocked(wchar_t* to, int size, FILE* from) noexcept {
    StdioInput input(from);
    return size <= 1 || input.wide() ? impl::libc.fgetws_unlocked(to, size, from) : nullptr;
}

}  // namespace weft::posix
