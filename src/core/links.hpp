// The functions that want to be told of a fiber's end.
#pragma once

#include <weft/core/fiber_ref.hpp>

#include <cstdint>
#include <exception>
#include <list>

namespace weft::impl {

enum class LinkKind : std::uint8_t { any, value, exception };

struct LinkEntry {
    Link fn;
    LinkKind kind;
    LinkToken token{};
};

/// Part of a fiber's box and guarded by its lock; no link is made, called or destroyed under it.
struct LinkList {
    std::list<LinkEntry> waiting;
    std::uint64_t last_token = 0;
    std::exception_ptr error;  ///< what the fiber ended with
    HubRef home;               ///< where it lived
    bool ended = false;
    bool telling = false;  ///< a fiber is there that calls what is in `waiting`
};

LinkToken add_link(RefBox& box, LinkKind kind, Link fn);
bool remove_link(RefBox& box, LinkToken token) noexcept;

/// Under the lock: the fiber has ended so. Says whether there is somebody to tell, by tell_links().
bool end_links(LinkList& links, const std::exception_ptr& error) noexcept;
/// Starts the fiber that calls the links.
void tell_links(RefBox& box) noexcept;

}  // namespace weft::impl
