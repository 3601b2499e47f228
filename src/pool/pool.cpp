// The places of a pool.
#include <weft/pool/pool.hpp>

#include "base/assert.hpp"
#include "base/spinlock.hpp"

#include <weft/sync/semaphore.hpp>

#include <algorithm>
#include <mutex>

namespace weft {

namespace impl {

struct PoolPlaces {
    explicit PoolPlaces(std::uint32_t size) : places(size), free(size) {}

    void give_back() noexcept {
        const std::lock_guard guard(lock);
        if (owed != 0) {
            --owed;
        } else {
            free.release();
        }
    }

    void resize(std::uint32_t size) noexcept {
        const std::lock_guard guard(lock);
        if (size >= places) {
            const std::uint32_t more = size - places;
            const std::uint32_t paid = std::min(more, owed);
            owed -= paid;
            free.release(more - paid);
        } else {
            for (std::uint32_t less = places - size; less != 0; --less) {
                owed += free.try_acquire() ? 0 : 1;
            }
        }
        places = size;
    }

    SpinLock lock;
    std::uint32_t places;    // guarded by lock
    std::uint32_t owed = 0;  // guarded by lock: so many that are taken now will not be free again
    Semaphore free;
};

namespace {

std::uint32_t checked_size(std::size_t places) {
    WEFT_CHECK(places <= Semaphore::largest, "a Pool of %zu places; the largest has %u", places,
               Semaphore::largest);
    return static_cast<std::uint32_t>(places);
}

}  // namespace

PoolPlace::PoolPlace(std::shared_ptr<PoolPlaces> of) noexcept : of_(std::move(of)) {}
PoolPlace::PoolPlace(PoolPlace&& other) noexcept = default;
PoolPlace::~PoolPlace() {
    if (of_ != nullptr) {
        of_->give_back();
    }
}

}  // namespace impl

Pool::Pool(std::size_t places) : places_(std::make_shared<impl::PoolPlaces>(impl::checked_size(places))) {}
Pool::~Pool() = default;

std::size_t Pool::places() const noexcept {
    const std::lock_guard guard(places_->lock);
    return places_->places;
}

std::size_t Pool::free_count() const noexcept { return places_->free.available(); }

void Pool::resize(std::size_t places) { places_->resize(impl::checked_size(places)); }

void Pool::wait_available(Deadline deadline) { static_cast<void>(take(deadline)); }

impl::PoolPlace Pool::take(Deadline deadline) {
    places_->free.acquire(deadline);
    return impl::PoolPlace(places_);
}

std::optional<impl::PoolPlace> Pool::try_take() {
    return places_->free.try_acquire() ? std::optional<impl::PoolPlace>(places_) : std::nullopt;
}

std::optional<impl::PoolPlace> Pool::try_take_for(Duration timeout) {
    return places_->free.try_acquire_for(timeout) ? std::optional<impl::PoolPlace>(places_) : std::nullopt;
}

}  // namespace weft
