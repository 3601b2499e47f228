// Completions: an observer in each future, and the list of those that have become ready.
#include <weft/future/combine.hpp>

#include "base/spinlock.hpp"

#include <weft/sync/semaphore.hpp>

#include <mutex>

namespace weft::impl {

namespace {

struct Entry : FutureObserver {
    Completions::Body* owner = nullptr;
    FutureState* state = nullptr;  // null once the number is out: then nobody tells it any more
    Entry* later = nullptr;
};

}  // namespace

struct Completions::Body {
    explicit Body(std::size_t capacity) { entries.reserve(capacity); }

    static void tell(FutureObserver& observer) noexcept {
        auto& entry = static_cast<Entry&>(observer);
        entry.owner->note(entry);
    }

    void note(Entry& entry) noexcept {
        // The unit too is given under the lock: who gets an entry's number knows by it that the call is over.
        const std::lock_guard guard(lock);
        (last != nullptr ? last->later : first) = &entry;
        last = &entry;
        ready.release();
    }

    std::vector<Entry> entries;  // does not grow beyond its capacity: they are told of by address
    std::size_t left = 0;
    Semaphore ready{0};
    SpinLock lock;
    Entry* first = nullptr;  // guarded by lock, as is `last`
    Entry* last = nullptr;
};

Completions::Completions(std::size_t capacity) : body_(std::make_unique<Body>(capacity)) {}

Completions::~Completions() {
    for (Entry& entry : body_->entries) {
        if (entry.state != nullptr) {
            entry.state->unobserve(entry);
        }
    }
}

void Completions::add(FutureState& state) noexcept {
    Entry& entry = body_->entries.emplace_back();
    entry.tell = &Body::tell;
    entry.owner = body_.get();
    entry.state = &state;
    ++body_->left;
    if (!state.observe(entry)) {
        body_->note(entry);
    }
}

std::size_t Completions::left() const noexcept { return body_->left; }

std::size_t Completions::next(Deadline deadline) {
    body_->ready.acquire(deadline);
    const std::lock_guard guard(body_->lock);
    Entry& entry = *body_->first;
    body_->first = entry.later;
    if (body_->first == nullptr) {
        body_->last = nullptr;
    }
    --body_->left;
    entry.state = nullptr;
    return static_cast<std::size_t>(&entry - body_->entries.data());
}

}  // namespace weft::impl
