// Weak references, and how other threads cancel and kill.
#include "core/fiber_ref.hpp"

#include "core/fork.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "core/life.hpp"
#include "core/park.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace weft::impl {

RefBox* box_of(FiberBlock& fiber) {
    auto fresh = std::make_unique<RefBox>();
    fresh->id = fiber.id;
    fresh->name = fiber.name;
    fresh->links.home = HubAccess::of_fiber(fiber.id);
    const std::lock_guard lock(fiber.lock);
    if (fiber.ref_box != nullptr) {
        fiber.ref_box->references.fetch_add(1, std::memory_order_relaxed);
        return fiber.ref_box;
    }
    // finish() looks at `boxed` when it sets `finished`: one of the two sees the other.
    if ((fiber.state.fetch_or(state_boxed, std::memory_order_acq_rel) & state_finished) == 0) {
        fresh->fiber = &fiber;
    } else {
        end_links(fresh->links, fiber.error);
    }
    fresh->references.store(2, std::memory_order_relaxed);  // one is the fiber's own
    fiber.ref_box = fresh.get();
    return fresh.release();
}

void release_box(RefBox* box) noexcept {
    if (box != nullptr && box->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete box;
    }
}

void unbind_box(FiberBlock& fiber) noexcept {
    RefBox* box = nullptr;
    bool tell = false;
    std::list<LinkEntry> dropped;
    {
        const std::lock_guard lock(fiber.lock);
        box = fiber.ref_box;
        if (box == nullptr) {
            return;
        }
        const std::lock_guard box_lock(box->lock);
        if (std::exchange(box->fiber, nullptr) == nullptr) {
            return;
        }
        box->references.fetch_add(
            1, std::memory_order_relaxed);  // another thread may dispose of the fiber meanwhile
        if (fiber.slot == nullptr) {
            dropped.swap(box->links.waiting);  // a main fiber ends with its hub: where should they run
        }
        tell = end_links(box->links, fiber.error);
        for (const LinkEntry& link : box->links.waiting) {
            if (link.kind == LinkKind::exception) {
                fiber.collected.store(true, std::memory_order_relaxed);
            }
        }
    }
    if (tell) {
        tell_links(*box);
    }
    release_box(box);
}

void drop_box(FiberBlock& fiber) noexcept {
    RefBox* box = nullptr;
    {
        const std::lock_guard lock(fiber.lock);
        box = std::exchange(fiber.ref_box, nullptr);
    }
    release_box(box);
}

bool interrupts_are_shielded(const FiberBlock& fiber) noexcept {
    if (fiber.wait->uncaught != 0) {
        return true;
    }
    for (const ScopeLink* link = fiber.scopes; link != nullptr; link = link->outer) {
        if (link->shield) {
            return true;
        }
    }
    return false;
}

namespace {

enum class Command { start, cancel, kill };

void obey(Command command, FiberBlock& fiber, Hub& hub, std::exception_ptr error) noexcept {
    switch (command) {
        case Command::start:
            start_here(fiber, hub);
            break;
        case Command::cancel:
            cancel_here(fiber, hub);
            break;
        case Command::kill:
            kill_here(fiber, hub, std::move(error));
            break;
    }
}

/// A command on its way to the hub of its fiber.
struct Order : InboxItem {
    explicit Order(RefBox* target) noexcept : box(target) { run = &arrive; }
    ~Order() { release_box(box); }

    static void arrive(InboxItem& item, Hub& hub) noexcept {
        const std::unique_ptr<Order> self(static_cast<Order*>(&item));
        // The box is unbound by this thread, so what it holds now stays.
        self->box->lock.lock();
        FiberBlock* fiber = self->box->fiber;
        self->box->lock.unlock();
        if (fiber != nullptr) {
            obey(self->command, *fiber, hub, std::move(self->error));
        }
    }

    RefBox* box;
    Command command = Command::cancel;
    std::exception_ptr error;
};

void give_order(RefBox* box, Command command, std::exception_ptr error = nullptr) {
    auto order = std::make_unique<Order>(box);
    box->references.fetch_add(1, std::memory_order_relaxed);
    order->command = command;
    order->error = std::move(error);
    // While it is bound its fiber has not finished, so its hub is there.
    const std::lock_guard lock(box->lock);
    if (box->fiber == nullptr) {
        return;
    }
    Hub& hub = *box->fiber->hub.load(std::memory_order_relaxed);
    if (&hub == Hub::current()) {
        FiberBlock& fiber = *box->fiber;
        obey(command, fiber, hub, std::move(order->error));
        if (command == Command::kill && &hub.running() == &fiber && interrupted()) {
            throw_interrupt();
        }
        return;
    }
    hub.post(*order.release());
}

struct BoxShare {
    explicit BoxShare(FiberBlock& fiber) : box(box_of(fiber)) {}
    BoxShare(const BoxShare&) = delete;
    BoxShare& operator=(const BoxShare&) = delete;
    ~BoxShare() { release_box(box); }
    RefBox* box;
};

}  // namespace

void cancel_anywhere(FiberBlock& fiber) {
    Hub* here = Hub::current();
    if (fiber.finished()) {
        return;
    }
    if (here != nullptr && fiber.hub.load(std::memory_order_relaxed) == here) {
        cancel_here(fiber, *here);
        return;
    }
    give_order(BoxShare(fiber).box, Command::cancel);
}

void kill_anywhere(FiberBlock& fiber, std::exception_ptr error) {
    Hub* here = Hub::current();
    if (fiber.finished()) {
        return;
    }
    if (here != nullptr && fiber.hub.load(std::memory_order_relaxed) == here) {
        kill_here(fiber, *here, std::move(error));
        if (&here->running() == &fiber && interrupted()) {
            throw_interrupt();
        }
        return;
    }
    give_order(BoxShare(fiber).box, Command::kill, std::move(error));
}

void start_anywhere(FiberBlock& fiber) {
    if ((fiber.state.load(std::memory_order_relaxed) & state_held) == 0) {
        return;
    }
    Hub* here = Hub::current();
    if (here != nullptr && fiber.hub.load(std::memory_order_relaxed) == here) {
        start_here(fiber, *here);
    } else {
        give_order(BoxShare(fiber).box, Command::start);
    }
}

}  // namespace weft::impl

namespace weft {

FiberRef::FiberRef(const FiberRef& other) noexcept : box_(other.box_) {
    if (box_ != nullptr) {
        box_->references.fetch_add(1, std::memory_order_relaxed);
    }
}

FiberRef::~FiberRef() { impl::release_box(box_); }

std::uint64_t FiberRef::id() const noexcept { return box_ != nullptr ? box_->id : 0; }

std::string FiberRef::name() const { return box_ != nullptr ? box_->name : std::string(); }

bool FiberRef::alive() const noexcept {
    if (box_ == nullptr) {
        return false;
    }
    const std::lock_guard lock(box_->lock);
    // Another thread may have joined it already while it is on its way out.
    return box_->fiber != nullptr && !box_->fiber->finished() && !is_left_behind(*box_->fiber);
}

void FiberRef::cancel() const {
    if (box_ != nullptr) {
        impl::give_order(box_, impl::Command::cancel);
    }
}

void FiberRef::kill(std::exception_ptr error) const {
    if (box_ != nullptr) {
        impl::give_order(box_, impl::Command::kill, std::move(error));
    }
}

FiberRef this_fiber() {
    impl::Hub* hub = impl::Hub::current();
    return hub != nullptr ? impl::RefBox::wrap(impl::box_of(hub->running())) : FiberRef();
}

}  // namespace weft
