// What select() does without knowing what the channels carry. For the library's own use.
#pragma once

#include <weft/base/export.hpp>
#include <weft/channel/channel_core.hpp>
#include <weft/core/waitable.hpp>
#include <weft/time/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::impl {

struct WaitNode;

/// One case; lives in the call. A channel that is null makes a case that is never ready.
struct SelectCase {
    enum class Kind : std::uint8_t { send, receive, other, timer, otherwise };

    SelectCase(Kind what, ChannelCore* of, const ChannelEnd* end, void* item) noexcept
        : channel(of), transfer{item, end}, kind(what) {}
    explicit SelectCase(Deadline when) noexcept : deadline(when), kind(Kind::timer) {}
    explicit SelectCase(const Waitable& of) noexcept : waitable(of), kind(Kind::other) {}
    SelectCase() noexcept : kind(Kind::otherwise) {}
    SelectCase(const SelectCase&) = delete;
    SelectCase& operator=(const SelectCase&) = delete;

    ChannelCore* channel = nullptr;
    ItemTransfer transfer{nullptr, nullptr};
    std::optional<Waitable> waitable;
    Deadline deadline = never;
    Kind kind;
    bool queued = false;
    SelectCase* next_locked = nullptr;  ///< the channel with the next higher address
    alignas(void*) std::byte node[48];  ///< a WaitNode, once it waits
};

/// Waits until one of the cases is ready and carries it out; returns which. Its transfer says how that went.
WEFT_API std::size_t select_case(std::span<SelectCase* const> cases, bool in_order);

}  // namespace weft::impl
