// Which hubs know a descriptor: a close has to reach all of them before the number may be used again.
#pragma once

namespace weft::impl {

class FdTable;

/// A number that this hub may know has come anew from the system. What it still knows is then of a descriptor that was
/// closed behind the library's back: it is forgotten, and whoever waits for it gets EBADF.
void begin_here(int fd) noexcept;

/// The hub begins to watch the descriptor. Any thread.
void list_hub(int fd, FdTable& table);
/// The first descriptor at or after `fd` that a hub watches, or -1. Any thread.
int next_watched(int fd) noexcept;
/// The hub ends.
void unlist_hub(int fd, FdTable& table) noexcept;

/// Wakes whoever waits for `fd`, on every hub, with EBADF, and closes it (or, with `keep`, only forgets it).
/// The number is released when the last hub has let go of it: at once, unless another hub knows the
/// descriptor. Any thread.
void close_everywhere(int fd) noexcept;
/// As above for what is not the library's: says what close() said. Where several hubs know the descriptor, it is closed later
/// and the result is 0.
int close_for_all(int fd);
/// All hubs forget the number, which goes on to mean something else, and whoever waits for it is woken with EBADF.
void forget_everywhere(int fd) noexcept;
/// As close_everywhere(), but leaves the descriptor open for somebody else to own: all hubs but the calling one must not
/// know it.
void forget_here(int fd) noexcept;

}  // namespace weft::impl
