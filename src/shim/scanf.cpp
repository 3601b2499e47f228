// The scanf families: as libc first had them, of C99 and of C23. What a call will take is waited for; then libc's own function with a
// list of arguments does all of it.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include "posix/stdio_input.hpp"

#include <stdio.h>
#include <wchar.h>

#include <cstdarg>

namespace {

using weft::impl::StdioInput;

using Scan = int(FILE*, const char*, std::va_list);
using WideScan = int(FILE*, const wchar_t*, std::va_list);

int scan_input(Scan* scan, FILE* from, const char* format, std::va_list arguments) {
    if (!weft::impl::wrap_gate(weft::shim::Group::stdio)) {
        return scan(from, format, arguments);
    }
    StdioInput input(from);
    return input.scan(scan, format) ? scan(from, format, arguments) : EOF;
}

int scan_input(WideScan* scan, FILE* from, const wchar_t* format, std::va_list arguments) {
    if (!weft::impl::wrap_gate(weft::shim::Group::stdio)) {
        return scan(from, format, arguments);
    }
    StdioInput input(from);
    return input.wide() ? scan(from, format, arguments) : EOF;
}

}  // namespace

#define WEFT_SCAN(original, from)                               \
    std::va_list more;                                          \
    va_start(more, format);                                     \
    const int count = scan_input(original, from, format, more); \
    va_end(more);                                               \
    return count;

/// A family of four, all by way of the one that takes a FILE and a list.
#define WEFT_SCANF(prefix, suffix, Char)                                                                     \
    WEFT_SHIM(prefix##vf##suffix, int, (FILE * from, const Char* format, std::va_list arguments)) {          \
        return scan_input(WEFT_ORIGINAL(prefix##vf##suffix, int, (FILE*, const Char*, std::va_list)), from,  \
                          format, arguments);                                                                \
    }                                                                                                        \
    WEFT_SHIM(prefix##v##suffix, int, (const Char* format, std::va_list arguments)) {                        \
        return scan_input(WEFT_ORIGINAL(prefix##vf##suffix, int, (FILE*, const Char*, std::va_list)), stdin, \
                          format, arguments);                                                                \
    }                                                                                                        \
    WEFT_SHIM(prefix##f##suffix, int, (FILE * from, const Char* format, ...)){                               \
        WEFT_SCAN(WEFT_ORIGINAL(prefix##vf##suffix, int, (FILE*, const Char*, std::va_list)),                \
                  from)} WEFT_SHIM(prefix##suffix, int, (const Char* format, ...)) {                         \
        WEFT_SCAN(WEFT_ORIGINAL(prefix##vf##suffix, int, (FILE*, const Char*, std::va_list)), stdin)         \
    }

WEFT_SCANF(, scanf, char)
WEFT_SCANF(, wscanf, wchar_t)
WEFT_SCANF(__isoc99_, scanf, char)
WEFT_SCANF(__isoc99_, wscanf, wchar_t)
WEFT_SCANF(__isoc23_, scanf, char)
WEFT_SCANF(__isoc23_, wscanf, wchar_t)

// An old entry, which also says what went wrong.
WEFT_SHIM(_IO_vfscanf, int, (FILE * from, const char* format, std::va_list arguments, int* errors)) {
    const auto libc_call = WEFT_ORIGINAL(_IO_vfscanf, int, (FILE*, const char*, std::va_list, int*));
    if (!weft::impl::wrap_gate(weft::shim::Group::stdio)) {
        return libc_call(from, format, arguments, errors);
    }
    StdioInput input(from);
    return input.scan(WEFT_ORIGINAL(vfscanf, int, (FILE*, const char*, std::va_list)), format)
               ? libc_call(from, format, arguments, errors)
               : EOF;
}
