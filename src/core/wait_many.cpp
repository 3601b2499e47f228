// The public waits for many, as far as they are no templates.
#include <weft/core/run.hpp>
#include <weft/core/wait.hpp>

#include "core/gather.hpp"
#include "core/hub.hpp"
#include "core/park.hpp"
#include "core/wait_any.hpp"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <utility>

namespace weft::impl {

namespace {

/// A limit that counts for several waits.
Deadline begun(Deadline deadline) noexcept {
    if (deadline.is_relative()) {
        deadline.fix(now());
    }
    return deadline;
}

}  // namespace

Gatherer::Gatherer(std::span<const Waitable> objects) : gathering_(std::make_unique<Gathering>(objects)) {}

Gatherer::Gatherer(Gatherer&&) noexcept = default;

Gatherer::~Gatherer() = default;

bool Gatherer::empty() const noexcept { return gathering_->empty(); }

std::size_t Gatherer::next(Deadline& deadline) {
    std::size_t index = 0;
    switch (gathering_->next(index, deadline)) {
        case Wake::woken:
            break;
        case Wake::timed_out:
            throw TimeoutError("wait for the next of several");
        case Wake::interrupted:
            throw_interrupt();
    }
    return index;
}

std::size_t wait_first(std::span<const Waitable> objects, Deadline deadline) {
    alignas(Choice) std::array<std::byte, 8 * sizeof(Choice)> room;
    std::pmr::monotonic_buffer_resource memory(room.data(), room.size());
    std::pmr::vector<Choice> choices(objects.begin(), objects.end(), &memory);
    return impl::wait_any(choices, deadline);
}

std::vector<std::size_t> wait_several(std::span<const Waitable> objects, std::size_t count,
                                      Deadline deadline) {
    count = std::min(count, objects.size());
    std::vector<std::size_t> ready;
    ready.reserve(count);
    Gathering gathering(objects);
    while (ready.size() < count) {
        std::size_t index = 0;
        const Wake how = gathering.next(index, deadline);
        if (how == Wake::interrupted && ready.empty()) {
            throw_interrupt();
        }
        if (how != Wake::woken) {
            break;
        }
        ready.push_back(index);
    }
    return ready;
}

void join_each(const HandleList& fibers, Deadline deadline) {
    const Deadline limit = begun(deadline);
    for (const FiberHandle* fiber : fibers) {
        fiber->join(limit);
    }
}

void join_each_or_throw(const HandleList& fibers, Deadline deadline) {
    std::vector<Waitable> ends;
    ends.reserve(fibers.size());
    for (const FiberHandle* fiber : fibers) {
        ends.push_back(*fiber);
    }
    Gatherer finished(ends);
    while (!finished.empty()) {
        const FiberHandle& fiber = *fibers[finished.next(deadline)];
        if (!fiber.successful()) {
            std::rethrow_exception(fiber.exception());
        }
    }
}

void kill_each(const HandleList& fibers, const std::exception_ptr& error, Deadline deadline) {
    for (const FiberHandle* fiber : fibers) {
        fiber->kill(error);
    }
    join_each(fibers, deadline);
}

void cancel_each(const HandleList& fibers, Deadline deadline) {
    for (const FiberHandle* fiber : fibers) {
        fiber->cancel();
    }
    join_each(fibers, deadline);
}

}  // namespace weft::impl
