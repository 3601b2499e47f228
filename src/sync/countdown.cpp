// Countdown: a number above a queue of those that wait for zero; Latch and WaitGroup, which are one.
#include <weft/sync/countdown.hpp>

#include "base/assert.hpp"
#include "sync/wait_queue.hpp"

#include <weft/sync/latch.hpp>
#include <weft/sync/wait_group.hpp>

namespace weft {

static_assert(impl::Awaitable<Latch>);
static_assert(impl::Awaitable<WaitGroup>);

namespace impl {

namespace {

/// A wait that gives back what was subtracted for it.
struct Arrival {
    bool delist(WaitNode& node) noexcept {
        const std::uint32_t state = queue.claim();
        const bool linked = node.linked;
        if (linked) {
            queue.list.remove(node);
        }
        queue.publish(linked ? state + again : state);
        return linked;
    }

    WaitQueue& queue;
    std::uint32_t again;
};

}  // namespace

void Countdown::add(std::uint32_t by, const char* of) noexcept {
    const std::uint32_t before = queue_.claim();
    WEFT_CHECK(by <= largest - before / unit, "a %s of more than %u", of, largest);
    queue_.publish(before + by * unit);
}

void Countdown::subtract(std::uint32_t by, const char* of) noexcept {
    const std::uint32_t before = queue_.claim();
    WEFT_CHECK(by <= before / unit, "a %s of %u is counted down by %u", of, before / unit, by);
    const std::uint32_t after = before - by * unit;
    WaitNode* woken = after < unit ? queue_.list.pop_chain(SIZE_MAX) : nullptr;
    queue_.publish(after);
    wake_chain(woken);
}

void Countdown::wait(Deadline deadline, const char* operation, std::uint32_t again) {
    if (count() == 0) {
        return;
    }
    Arrival arrival{queue_, again * unit};
    QueueRecord<Arrival> record(WaitReason::countdown, this, arrival);
    if (enlist(record.node)) {
        park_or_throw(record, deadline, operation);
    }
}

bool Countdown::enlist(WaitNode& node) noexcept {
    const std::uint32_t before = queue_.claim();
    const bool queued = before >= unit;
    if (queued) {
        queue_.list.push(node);
    } else {
        static_cast<void>(node.record->take(node.tag));
    }
    queue_.publish(before);
    return queued;
}

bool Countdown::delist(WaitNode& node) noexcept { return queue_.delist(node); }

}  // namespace impl

Latch::Latch(std::uint32_t count) : count_(count) {
    WEFT_CHECK(count <= impl::Countdown::largest, "a Latch of %u; the largest is %u", count,
               impl::Countdown::largest);
}

Waitable Latch::waitable() noexcept { return impl::make_waitable(*this); }

Waitable WaitGroup::waitable() noexcept { return impl::make_waitable(*this); }

void Latch::arrive_and_wait(std::uint32_t by, Deadline deadline) {
    count_down(by);
    count_.wait(deadline, "arrival at a latch", by);
}

}  // namespace weft
