// From std::future to Future and back.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/sync/future.hpp>

#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

namespace impl {
/// A thread that takes no signals and that nobody joins.
WEFT_API void run_in_own_thread(std::function<void()> body);
}  // namespace impl

/// The same result as a weft::Future. Nobody can be told when a std::future becomes ready, so this occupies an OS
/// thread until it is: for a few, not for thousands. (A function that std::async has deferred runs in that thread.)
///
/// Errors:    std::system_error if no thread can be made; then `source` is spent.
/// Threads:   any.
/// Since:     0.1
template <class T>
[[nodiscard]] Future<T> from_std(std::future<T> source) {
    struct Bridge {
        std::future<T> source;
        Promise<T> promise;
    };
    auto bridge = std::make_shared<Bridge>();
    bridge->source = std::move(source);
    Future<T> result = bridge->promise.future();
    impl::run_in_own_thread([bridge]() mutable {
        bridge->promise.set_from([&]() -> T { return bridge->source.get(); });
        bridge.reset();
    });
    return result;
}

/// The same result as a std::future, for a plain thread to wait for: its get() would stop all fibers of a hub. A
/// detached fiber of this hub, which must go on running, hands the result over; if that is cancelled, get() throws
/// std::future_error (broken_promise).
///
/// Errors:    as spawn().
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class T>
[[nodiscard]] std::future<T> to_std(Future<T> source) {
    std::promise<T> promise;
    std::future<T> result = promise.get_future();
    spawn_detached(SpawnOptions{.name = "to_std"},
                   [from = std::move(source), to = std::move(promise)]() mutable {
                       from.wait();
                       if (const std::exception_ptr error = from.exception()) {
                           to.set_exception(error);
                       } else if constexpr (std::is_void_v<T>) {
                           to.set_value();
                       } else {
                           to.set_value(std::move(from).get());
                       }
                   });
    return result;
}

}  // namespace weft
