# libev goes into libweft.so as a static archive with some of its imports renamed:
#
# - Debian's libev.a is compiled for executables, not for shared objects (no -fPIC). Its only reference that a shared object
#   cannot hold is the one to the *data* symbol `stderr`, for which a linker would need a copy relocation. Renamed to
#   `weft_libev_stderr`, which src/loop defines (hidden), it is an ordinary reference within libweft.so.
# - `epoll_wait` is renamed to `weft_libev_epoll_wait`, which src/loop defines too. It is how weft caps the number of events of a
#   batch (libev doubles its array for ever; large batches push sockets out of the cache) and sleeps for nanoseconds (libev
#   rounds up to milliseconds). `--wrap` would do that as well, but it would have to be repeated in each link.
# - `epoll_create1`, `read`, `write` and `close` go to base/sys in the same way: the epoll descriptor moves to a high number and is
#   noted as the library's own, and libev never meets a function that somebody has put in front of libc's.
# - `epoll_ctl` too: where the kernel refuses a descriptor, libev would end the program.
#
# All keep a program free to use its own libev: nothing of ours is exported (see weft.map).
find_library(WEFT_LIBEV_ARCHIVE NAMES libev.a REQUIRED)
find_path(WEFT_LIBEV_INCLUDE_DIR NAMES ev.h REQUIRED)

set(weft_libev_renamed ${PROJECT_BINARY_DIR}/libev/libev_weft.a)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/libev)
add_custom_command(
    OUTPUT ${weft_libev_renamed}
    COMMAND ${CMAKE_OBJCOPY}
            --redefine-sym stderr=weft_libev_stderr
            --redefine-sym epoll_wait=weft_libev_epoll_wait
            --redefine-sym epoll_create1=weft_libev_epoll_create1
            --redefine-sym epoll_ctl=weft_libev_epoll_ctl
            --redefine-sym read=weft_libev_read
            --redefine-sym write=weft_libev_write
            --redefine-sym close=weft_libev_close
            ${WEFT_LIBEV_ARCHIVE} ${weft_libev_renamed}
    DEPENDS ${WEFT_LIBEV_ARCHIVE}
    COMMENT "Renaming libev's imports"
    VERBATIM)
add_custom_target(weft_libev_archive DEPENDS ${weft_libev_renamed})

add_library(weft_libev STATIC IMPORTED)
set_target_properties(weft_libev PROPERTIES
    IMPORTED_LOCATION ${weft_libev_renamed}
    INTERFACE_INCLUDE_DIRECTORIES ${WEFT_LIBEV_INCLUDE_DIR})
add_dependencies(weft_libev weft_libev_archive)
