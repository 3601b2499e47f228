// Who is there and waits for what, as text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weft::impl {

class Hub;
struct FiberBlock;

/// A line for each live fiber of hubs that are this thread's or certainly asleep, and who waits for whom in a circle.
void append_dump(std::string& text, std::span<Hub* const> hubs);

/// From now on fatal() prints the fibers of its thread.
void install_fatal_dump() noexcept;

/// `fiber 12 "name"`.
std::string title_of(std::uint64_t id, std::string_view name);
std::string title_of(const FiberBlock& fiber);

}  // namespace weft::impl
