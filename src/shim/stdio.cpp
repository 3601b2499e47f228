// The calls that read from a FILE and that weft::posix has not: fortified ones, those that the headers' macros call, gets.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include "posix/stdio_input.hpp"

#include <weft/posix/stdio.hpp>

#include <stdio.h>
#include <wchar.h>

#include <cstdint>

using weft::impl::StdioInput;
using weft::impl::wrap_gate;
using weft::shim::Group;

extern "C" [[noreturn]] void __chk_fail();  // NOLINT(bugprone-reserved-identifier): libc's

// NOLINTBEGIN(bugprone-macro-parentheses): parameters and arguments come with theirs
/// What `need` says is waited for in a fiber, and libc does the rest; its checks, too.
#define WEFT_STDIO(name, result, parameters, arguments, file, need, failed) \
    WEFT_SHIM(name, result, parameters) {                                   \
        const auto libc_call = WEFT_ORIGINAL(name, result, parameters);     \
        if (!wrap_gate(Group::stdio)) {                                     \
            return libc_call arguments;                                     \
        }                                                                   \
        StdioInput input(file);                                             \
        return input.need ? libc_call arguments : failed;                   \
    }
// NOLINTEND(bugprone-macro-parentheses)

namespace {

std::size_t room_for_text(int size) noexcept { return size > 1 ? static_cast<std::size_t>(size) - 1 : 0; }

void check_items(std::size_t room, std::size_t size, std::size_t count) {
    std::size_t total = 0;
    if (__builtin_mul_overflow(size, count, &total) || total > room) {
        __chk_fail();
    }
}

}  // namespace

WEFT_STDIO(__fgets_chk, char*, (char* to, std::size_t room, int size, FILE* from), (to, room, size, from),
           from, line('\n', room_for_text(size)), nullptr)
WEFT_STDIO(__fgets_unlocked_chk, char*, (char* to, std::size_t room, int size, FILE* from),
           (to, room, size, from), from, line('\n', room_for_text(size)), nullptr)
WEFT_STDIO(gets, char*, (char* to), (to), stdin, line('\n', SIZE_MAX), nullptr)
WEFT_STDIO(__gets_chk, char*, (char* to, std::size_t room), (to, room), stdin, line('\n', SIZE_MAX), nullptr)
WEFT_STDIO(__uflow, int, (FILE * from), (from), from, byte(), EOF)
WEFT_STDIO(__underflow, int, (FILE * from), (from), from, byte(), EOF)
WEFT_STDIO(__wuflow, wint_t, (FILE * from), (from), from, wide(), WEOF)
WEFT_STDIO(__wunderflow, wint_t, (FILE * from), (from), from, wide(), WEOF)
WEFT_STDIO(__fgetws_chk, wchar_t*, (wchar_t * to, std::size_t room, int size, FILE* from),
           (to, room, size, from), from, wide(), nullptr)
WEFT_STDIO(__fgetws_unlocked_chk, wchar_t*, (wchar_t * to, std::size_t room, int size, FILE* from),
           (to, room, size, from), from, wide(), nullptr)

WEFT_SHIM(_IO_sgetn, std::size_t, (FILE * from, void* to, std::size_t size)) {
    return wrap_gate(Group::stdio)
               ? weft::posix::fread_unlocked(to, 1, size, from)
               : WEFT_ORIGINAL(_IO_sgetn, std::size_t, (FILE*, void*, std::size_t))(from, to, size);
}

WEFT_SHIM(__fread_chk, std::size_t,
          (void* to, std::size_t room, std::size_t size, std::size_t count, FILE* from)) {
    check_items(room, size, count);
    return ::fread(to, size, count, from);
}

WEFT_SHIM(__fread_unlocked_chk, std::size_t,
          (void* to, std::size_t room, std::size_t size, std::size_t count, FILE* from)) {
    check_items(room, size, count);
    return ::fread_unlocked(to, size, count, from);
}
