// Who is there and waits for what, as text.
#pragma once

#include <string>

namespace weft::impl {

class Hub;
struct FiberBlock;

/// A line for each live fiber of a hub that is this thread's or certainly asleep.
void append_dump(std::string& text, const Hub& hub);

/// From now on fatal() prints the fibers of its thread.
void install_fatal_dump() noexcept;

/// `fiber 12 "name"`.
std::string title_of(const FiberBlock& fiber);

}  // namespace weft::impl
