// What is about to be closed inside libc, or to mean something else.
#pragma once

#include <stdio.h>

namespace weft::impl {

/// Whoever waits for the descriptor hears that it is closed, and nothing is known of it any more. errno is kept.
void end_use(int fd) noexcept;
/// The same for the descriptor of a stream, if it has one.
void end_use_of_stream(FILE* stream) noexcept;

}  // namespace weft::impl
