// The list of the members of a group or pool.
#include <weft/pool/group.hpp>

#include "base/assert.hpp"
#include "base/spinlock.hpp"

#include <weft/scope/scope.hpp>
#include <weft/sync/event.hpp>

#include <atomic>
#include <mutex>
#include <stdexcept>

namespace weft::impl {

struct Member {
    Member* prev = nullptr;
    Member* next = nullptr;
    MemberList* list = nullptr;
    FiberRef fiber;  ///< guarded by the list's lock; empty until it is started
};

struct MemberList {
    MemberList() { none.set(); }

    void add(Member& member) noexcept {
        const std::lock_guard guard(lock);
        member.list = this;
        member.prev = last;
        (last != nullptr ? last->next : first) = &member;
        last = &member;
        if (++count == 1) {
            none.reset();
        }
    }

    void name(Member& member, const FiberRef& fiber) noexcept {
        const std::lock_guard guard(lock);
        member.fiber = fiber;
    }

    void remove(Member& member) noexcept {
        const std::lock_guard guard(lock);
        (member.prev != nullptr ? member.prev->next : first) = member.next;
        (member.next != nullptr ? member.next->prev : last) = member.prev;
        if (--count == 0) {
            none.set();
        }
    }

    SpinLock lock;
    Member* first = nullptr;  // guarded by lock, as are the other two
    Member* last = nullptr;
    std::size_t count = 0;
    std::atomic<std::uint64_t> kills{0};
    Event none;  ///< set while there are no members
};

Seat::Seat(std::shared_ptr<MemberList> list) : list_(std::move(list)), member_(new Member) {
    list_->add(*member_);
}

Seat::~Seat() {
    if (list_ != nullptr) {
        list_->remove(*member_);
        delete member_;
    }
}

Members::Members() : list_(std::make_shared<MemberList>()) {}

Members::~Members() {
    if (!empty()) {
        WEFT_CHECK(!has_caller(), "a group of fibers is destroyed by one of its members, which it waits for");
        const Shield shield;
        cancel();
        join();
    }
}

std::size_t Members::size() const noexcept {
    const std::lock_guard guard(list_->lock);
    return list_->count;
}

std::vector<FiberRef> Members::members() const {
    std::vector<FiberRef> all;
    for (std::size_t room = size();; room = size()) {
        all.reserve(room);  // not under the lock
        const std::lock_guard guard(list_->lock);
        if (list_->count > all.capacity()) {
            continue;
        }
        for (const Member* member = list_->first; member != nullptr; member = member->next) {
            if (member->fiber.id() != 0) {
                all.push_back(member->fiber);
            }
        }
        return all;
    }
}

bool Members::has_caller() const {
    const std::uint64_t id = this_fiber().id();
    const std::lock_guard guard(list_->lock);
    for (const Member* member = id != 0 ? list_->first : nullptr; member != nullptr; member = member->next) {
        if (member->fiber.id() == id) {
            return true;
        }
    }
    return false;
}

void Members::join(Deadline deadline) const {
    if (!list_->none.is_set() && has_caller()) {
        throw std::logic_error("weft: a member of a group of fibers waits for the end of all of them");
    }
    list_->none.wait(deadline);
}

void Members::cancel() const {
    for (const FiberRef& fiber : members()) {
        fiber.cancel();
    }
}

void Members::kill(const std::exception_ptr& error) const {
    list_->kills.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t self = this_fiber().id();
    FiberRef caller;
    for (const FiberRef& fiber : members()) {
        if (fiber.id() == self) {
            caller = fiber;  // last, since that may throw
        } else {
            fiber.kill(error);
        }
    }
    caller.kill(error);
}

void Members::admit(FiberHandle fiber, std::span<Member* const> seats) {
    const FiberRef ref = fiber.ref();
    for (Member* seat : seats) {
        seat->list->name(*seat, ref);
    }
    fiber.detach();  // starts it
}

void Members::adopt(FiberHandle fiber) const {
    const auto seat = std::make_shared<Seat>(list_);
    const FiberRef ref = fiber.ref();
    list_->name(*seat->member(), ref);
    ref.link([seat](const FiberOutcome&) {});  // which ends with the link
    fiber.detach();
}

std::uint64_t Members::kills() const noexcept { return list_->kills.load(std::memory_order_relaxed); }

}  // namespace weft::impl
