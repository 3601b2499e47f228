// Fibers that start later, or on another hub.
#pragma once

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace weft {

/// As spawn(), but fn(args...) is not called before `delay` is over. A fiber that is cancelled or killed before that, or
/// whose handle ends, never calls it.
///
/// Errors:    as spawn().
/// Threads:   any.
/// Since:     0.1
template <class F, class... Args>
Fiber<impl::SpawnResult<F, Args...>> spawn_later(const SpawnOptions& options, Duration delay, F&& fn,
                                                 Args&&... args) {
    auto later = [start = now() + delay](std::decay_t<F> call,
                                         std::decay_t<Args>... with) -> impl::SpawnResult<F, Args...> {
        sleep_until(start);
        return std::invoke(std::move(call), std::move(with)...);
    };
    return spawn(options, std::move(later), std::forward<F>(fn), std::forward<Args>(args)...);
}
template <class F, class... Args>
Fiber<impl::SpawnResult<F, Args...>> spawn_later(Duration delay, F&& fn, Args&&... args) {
    return spawn_later(SpawnOptions{}, delay, std::forward<F>(fn), std::forward<Args>(args)...);
}

/// As spawn(), on another hub: SpawnOptions::hub, for who wants nothing else of them.
///
/// Errors:    as spawn().
/// Threads:   any.
/// Since:     0.1
template <class F, class... Args>
Fiber<impl::SpawnResult<F, Args...>> spawn_on(HubRef hub, F&& fn, Args&&... args) {
    return spawn(SpawnOptions{.hub = hub}, std::forward<F>(fn), std::forward<Args>(args)...);
}

}  // namespace weft
