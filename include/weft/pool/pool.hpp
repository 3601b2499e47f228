// A bounded number of fibers that work at the same time.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/pool/group.hpp>
#include <weft/pool/imap.hpp>
#include <weft/sync/future.hpp>
#include <weft/time/deadline.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

namespace impl {

struct PoolPlaces;

/// One of a pool's places, taken; free again when this ends.
class WEFT_API PoolPlace {
public:
    explicit PoolPlace(std::shared_ptr<PoolPlaces> of) noexcept;
    PoolPlace(PoolPlace&& other) noexcept;
    PoolPlace& operator=(PoolPlace&&) = delete;
    ~PoolPlace();

private:
    std::shared_ptr<PoolPlaces> of_;
};

}  // namespace impl

/// At most so many fibers at the same time: spawn() waits for a free place, in the order of arrival. As with Group, a
/// member that fails does not disturb the others, and the destructor cancels the members and waits for them.
///
/// Any fiber or thread may use it; a member runs on the hub of who has spawned it.
class WEFT_API Pool : public impl::Members {
public:
    /// With `places` places: none is allowed, and then nothing starts before resize().
    explicit Pool(std::size_t places);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    /// The number of places.
    [[nodiscard]] std::size_t places() const noexcept;
    /// How many members could start now.
    [[nodiscard]] std::size_t free_count() const noexcept;
    /// Changes the number of places. With fewer of them nobody is stopped: nothing starts until enough members have
    /// ended. Never waits. Any thread.
    void resize(std::size_t places);

    /// Waits until a place is free, which it does not take.
    ///
    /// Suspends:  while all places are taken.
    /// Cancel:    nothing has been taken.
    /// Errors:    TimeoutError past `deadline`.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void wait_available(Deadline deadline = never);

    /// As weft::spawn(), once a place is free. The fiber belongs to the pool: its future may be dropped, and is broken
    /// if the fiber is cancelled or killed.
    ///
    /// Suspends:  while all places are taken.
    /// Cancel:    nothing has been started.
    /// Errors:    as weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F, class... Args>
    Future<impl::SpawnResult<F, Args...>> spawn(const SpawnOptions& options, F&& fn, Args&&... args) {
        return start(take(never), options, std::forward<F>(fn), std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) Future<impl::SpawnResult<F, Args...>> spawn(
        F&& fn, Args&&... args) {
        return spawn(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// As spawn() if a place is free; nothing otherwise. Never waits.
    template <class F, class... Args>
    std::optional<Future<impl::SpawnResult<F, Args...>>> try_spawn(F&& fn, Args&&... args) {
        std::optional<impl::PoolPlace> place = try_take();
        if (!place) {
            return std::nullopt;
        }
        return start(std::move(*place), SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// As spawn(); nothing if no place has become free in time.
    ///
    /// Suspends:  while all places are taken.
    /// Cancel:    nothing has been started.
    /// Errors:    as weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F, class... Args>
    std::optional<Future<impl::SpawnResult<F, Args...>>> try_spawn_for(Duration timeout, F&& fn,
                                                                       Args&&... args) {
        std::optional<impl::PoolPlace> place = try_take_for(timeout);
        if (!place) {
            return std::nullopt;
        }
        return start(std::move(*place), SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// Calls fn(args...) in a member and returns what it returns. If the pool is full and the caller is a member itself
    /// it is called in place: to wait could last for ever.
    ///
    /// Suspends:  until the call has returned.
    /// Cancel:    the call is cancelled and waited for.
    /// Errors:    what fn throws; as weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F, class... Args>
    impl::SpawnResult<F, Args...> apply(F&& fn, Args&&... args) {
        std::optional<impl::PoolPlace> place = try_take();
        if (!place && has_caller()) {
            return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
        }
        if (!place) {
            place.emplace(take(never));
        }
        impl::OwnMembers own;
        impl::Seat seat(list());
        impl::Seat own_seat(own.seats());
        const std::array seats{seat.member(), own_seat.member()};
        std::tuple tokens(std::move(seat), std::move(own_seat), std::move(*place));
        place.reset();
        return launch(SpawnOptions{}, seats, std::move(tokens), std::forward<F>(fn),
                      std::forward<Args>(args)...)
            .get();
    }

    /// Calls fn(item) for each element of a range, as many at a time as there are places, and returns the results in
    /// the order of the elements (nothing, if there are none). The calls get copies of the elements.
    ///
    /// Suspends:  until all calls have returned, or one has failed.
    /// Cancel:    the calls are cancelled and waited for, and no more are started.
    /// Errors:    what the first call that fails throws, in the order of the elements, or the range; the others are
    ///            cancelled and waited for then. BrokenPromise if the pool is killed. As weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class Range, class F>
    auto map(Range&& range, F fn) {
        using Result = impl::ItemResult<Range, F>;
        if constexpr (std::is_void_v<Result>) {
            auto unit = [call = std::move(fn)](auto&& item) mutable {
                std::invoke(call, std::forward<decltype(item)>(item));
                return true;
            };
            Imap<bool> results = imap(std::forward<Range>(range), std::move(unit));
            while (results.next()) {
            }
        } else {
            std::vector<Result> all;
            Imap<Result> results = imap(std::forward<Range>(range), std::move(fn));
            while (std::optional<Result> one = results.next()) {
                all.push_back(std::move(*one));
            }
            return all;
        }
    }

    /// As map(), but hands the results out one after the other, in the order of the elements, while the calls go on:
    /// `for (auto& result : pool.imap(range, fn))`. Unless `max_unread` is 0 at most so many results wait to be read
    /// or are being made: then the calls wait for the reader. The range, if it is no temporary, and the pool have to
    /// outlive what is returned, which takes its elements from a fiber of its own.
    ///
    /// Errors:    as weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class Range, class F>
    [[nodiscard]] Imap<impl::ItemResult<Range, F>> imap(Range&& range, F fn, std::size_t max_unread = 0) {
        return Imap<impl::ItemResult<Range, F>>(*this, std::forward<Range>(range), std::move(fn), true,
                                                max_unread);
    }
    /// As imap(), but the results come as they are finished.
    template <class Range, class F>
    [[nodiscard]] Imap<impl::ItemResult<Range, F>> imap_unordered(Range&& range, F fn,
                                                                  std::size_t max_unread = 0) {
        return Imap<impl::ItemResult<Range, F>>(*this, std::forward<Range>(range), std::move(fn), false,
                                                max_unread);
    }

private:
    template <class R>
    friend class Imap;

    impl::PoolPlace take(Deadline deadline);
    std::optional<impl::PoolPlace> try_take();
    std::optional<impl::PoolPlace> try_take_for(Duration timeout);

    template <class F, class... Args>
    Future<impl::SpawnResult<F, Args...>> start(impl::PoolPlace place, const SpawnOptions& options, F&& fn,
                                                Args&&... args) {
        impl::Seat seat(list());
        const std::array seats{seat.member()};
        return launch(options, seats, std::tuple(std::move(seat), std::move(place)), std::forward<F>(fn),
                      std::forward<Args>(args)...);
    }

    /// One call of an imap: its result goes to `flow`.
    template <class R, class F, class Item>
    void start_item(impl::PoolPlace place, const impl::OwnMembers& own,
                    const std::shared_ptr<impl::ItemFlow<R>>& flow, const std::shared_ptr<F>& fn,
                    Item&& item) {
        impl::Seat seat(list());
        impl::Seat own_seat(own.seats());
        const std::array seats{seat.member(), own_seat.member()};
        auto arrival = std::make_unique<impl::Arrival<R>>(flow);
        impl::Arrival<R>* to = arrival.get();
        auto call = [fn](std::decay_t<Item> value) -> R { return std::invoke(*fn, std::move(value)); };
        Future<R> result =
            launch(SpawnOptions{}, seats,
                   std::tuple(std::move(seat), std::move(own_seat), std::move(place), std::move(arrival)),
                   std::move(call), std::forward<Item>(item));
        // Nobody has run since.
        to->expect(std::move(result));
    }

    std::shared_ptr<impl::PoolPlaces> places_;
};

template <class R>
template <class Range, class F>
void Imap<R>::feed(Pool& pool, Range&& range, const std::shared_ptr<F>& fn) {
    const std::uint64_t kills = pool.kills();
    flow_->finish_with([&] {
        for (auto&& item : range) {
            impl::ItemOf<Range> value(std::forward<decltype(item)>(item));
            flow_->make_room();
            impl::PoolPlace place = pool.take(never);
            if (pool.kills() != kills) {
                throw BrokenPromise();
            }
            pool.start_item(std::move(place), own_, flow_, fn, std::move(value));
        }
    });
}

}  // namespace weft
