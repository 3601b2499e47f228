// libc's calls that read from a FILE, under their own names, cooperative, where it stands for a pipe, a terminal or a socket; all
// others are libc's as they are. weft/posix/posix.hpp says what all of them have in common.
//
//  - A call waits until the buffer of its FILE holds what it asks for (a line, so many bytes), or the input has ended; the buffer
//    grows if it must. Only then it takes anything: of two fibers that read lines from one FILE each gets whole lines.
//  - A call that is interrupted returns as at an error (null, EOF, -1, ferror() set), and what has arrived stays in the buffer.
//    fread() of more than 64 KiB takes that much at a time, and returns how much it has.
//  - An unbuffered FILE is waited for before the first byte only (fread(): before each), and so is one to which more was put back
//    by ungetc() than was taken. Wide input is waited for before the first character: libc waits for the rest of one that comes
//    in parts, or of a line, and the hub with it.
//  - No fiber holds the lock of the FILE while it waits. The scanf family waits, too, through the shim.
#pragma once

#include <weft/base/export.hpp>

#include <stdio.h>
#include <sys/types.h>
#include <wchar.h>

#include <cstddef>

namespace weft::posix {

WEFT_API std::size_t fread(void* to, std::size_t size, std::size_t count, FILE* from) noexcept;
WEFT_API std::size_t fread_unlocked(void* to, std::size_t size, std::size_t count, FILE* from) noexcept;
WEFT_API char* fgets(char* to, int size, FILE* from) noexcept;
WEFT_API char* fgets_unlocked(char* to, int size, FILE* from) noexcept;
WEFT_API ssize_t getline(char** line, std::size_t* size, FILE* from) noexcept;
WEFT_API ssize_t getdelim(char** line, std::size_t* size, int delimiter, FILE* from) noexcept;
WEFT_API int fgetc(FILE* from) noexcept;
WEFT_API int fgetc_unlocked(FILE* from) noexcept;
WEFT_API int getchar() noexcept;
WEFT_API int getchar_unlocked() noexcept;
WEFT_API int getw(FILE* from) noexcept;
WEFT_API wint_t fgetwc(FILE* from) noexcept;
WEFT_API wint_t fgetwc_unlocked(FILE* from) noexcept;
WEFT_API wint_t getwchar() noexcept;
WEFT_API wint_t getwchar_unlocked() noexcept;
WEFT_API wchar_t* fgetws(wchar_t* to, int size, FILE* from) noexcept;
WEFT_API wchar_t* fgetws_unlocked(wchar_t* to, int size, FILE* from) noexcept;

/// Who waits for input from the FILE gets EBADF. (To read from it afterwards is as wrong as ever.)
WEFT_API int fclose(FILE* file);
WEFT_API FILE* freopen(const char* path, const char* mode, FILE* file);

}  // namespace weft::posix
