// Links: added, taken back, and called by a fiber of their own when the one that they belong to has ended.
#include "core/links.hpp"

#include "core/fiber_ref.hpp"
#include "core/report.hpp"

#include <weft/core/fiber.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace weft::impl {

namespace {

FiberRef share(RefBox& box) noexcept {
    box.references.fetch_add(1, std::memory_order_relaxed);
    return RefBox::wrap(&box);
}

bool wants(LinkKind kind, bool failed) noexcept {
    return kind == LinkKind::any || (kind == LinkKind::exception) == failed;
}

void call(const RefBox& box, const LinkEntry& link, const FiberOutcome& outcome) noexcept {
    try {
        link.fn(outcome);
    } catch (
        const Cancelled&) {  // NOLINT(bugprone-empty-catch): the hub ends, and with it what the link waited for
    } catch (
        const FiberExit&) {  // NOLINT(bugprone-empty-catch): as it does a fiber, it ends the link quietly
    } catch (...) {
        report_error(box.id, box.name.c_str(), "has a link that threw", std::current_exception());
    }
}

void call_links(RefBox& box) {
    const FiberOutcome outcome{share(box), box.links.error};
    for (;;) {
        std::list<LinkEntry> next;  // taken one by one: a link may take back a later one, or add another
        {
            const std::lock_guard lock(box.lock);
            std::list<LinkEntry>& waiting = box.links.waiting;
            if (waiting.empty()) {
                box.links.telling = false;
                return;
            }
            next.splice(next.begin(), waiting, waiting.begin());
        }
        if (wants(next.front().kind, outcome.exception != nullptr)) {
            call(box, next.front(), outcome);
        }
    }
}

void spawn_caller(RefBox& box) {
    auto caller = [&box, kept = share(box)] { call_links(box); };
    SpawnOptions options{.name = "links", .hub = box.links.home};
    try {
        spawn_detached(options, caller);
    } catch (const std::invalid_argument&) {
        options.hub = {};
        spawn_detached(options, caller);
    }
}

}  // namespace

LinkToken add_link(RefBox& box, LinkKind kind, Link fn) {
    std::list<LinkEntry> fresh;
    fresh.push_back({.fn = std::move(fn), .kind = kind});
    LinkToken token{};
    {
        const std::lock_guard lock(box.lock);
        token = LinkToken{++box.links.last_token};
        fresh.front().token = token;
        box.links.waiting.splice(box.links.waiting.end(), fresh);
        if (!box.links.ended || std::exchange(box.links.telling, true)) {
            return token;
        }
    }
    try {
        spawn_caller(box);
    } catch (...) {
        remove_link(box, token);
        const std::lock_guard lock(box.lock);
        box.links.telling = false;
        throw;
    }
    return token;
}

bool remove_link(RefBox& box, LinkToken token) noexcept {
    std::list<LinkEntry> removed;
    const std::lock_guard lock(box.lock);
    std::list<LinkEntry>& waiting = box.links.waiting;
    const auto found = std::find_if(waiting.begin(), waiting.end(),
                                    [=](const LinkEntry& link) { return link.token == token; });
    if (found == waiting.end()) {
        return false;
    }
    removed.splice(removed.begin(), waiting, found);
    return true;
}

bool end_links(LinkList& links, const std::exception_ptr& error) noexcept {
    links.error = error;
    links.ended = true;
    links.telling = !links.waiting.empty();
    return links.telling;
}

void tell_links(RefBox& box) noexcept {
    try {
        spawn_caller(box);
    } catch (...) {
        report_error(box.id, box.name.c_str(), "has links that cannot be called", std::current_exception());
        std::list<LinkEntry> dropped;
        const std::lock_guard lock(box.lock);
        dropped.swap(box.links.waiting);
        box.links.telling = false;
    }
}

}  // namespace weft::impl

namespace weft {

namespace {

impl::RefBox& checked(impl::RefBox* box) {
    if (box == nullptr) {
        impl::fatal("link or unlink on an empty fiber reference");
    }
    return *box;
}

}  // namespace

LinkToken FiberRef::link(Link fn) const {
    return impl::add_link(checked(box_), impl::LinkKind::any, std::move(fn));
}

LinkToken FiberRef::link_value(Link fn) const {
    return impl::add_link(checked(box_), impl::LinkKind::value, std::move(fn));
}

LinkToken FiberRef::link_exception(Link fn) const {
    return impl::add_link(checked(box_), impl::LinkKind::exception, std::move(fn));
}

bool FiberRef::unlink(LinkToken token) const noexcept { return impl::remove_link(checked(box_), token); }

}  // namespace weft
