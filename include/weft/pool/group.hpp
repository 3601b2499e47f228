// A set of fibers that are waited for, cancelled and killed together.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>
#include <weft/sync/future.hpp>
#include <weft/time/deadline.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

namespace impl {

struct MemberList;
struct Member;

/// A fiber's place in a list of members. Travels in its closure, so that it ends with the call, and also where the
/// fiber is killed before it has started.
class WEFT_API Seat {
public:
    explicit Seat(std::shared_ptr<MemberList> list);
    Seat(Seat&& other) noexcept = default;
    Seat& operator=(Seat&&) = delete;
    ~Seat();

    Member* member() const noexcept { return member_; }

private:
    std::shared_ptr<MemberList> list_;
    Member* member_;
};

/// Who runs: what Group and Pool have in common.
class WEFT_API Members {
public:
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;

    /// How many members have not ended.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The members of this moment, in the order in which they came: `for (const FiberRef& fiber : group.members())`.
    [[nodiscard]] std::vector<FiberRef> members() const;

    /// Whether the calling fiber is a member.
    [[nodiscard]] bool has_caller() const;

    /// Waits until there is no member. New ones may come meanwhile.
    ///
    /// Suspends:  while there are members.
    /// Cancel:    the members are not affected.
    /// Errors:    TimeoutError past `deadline`; std::logic_error if the caller is a member itself.
    /// Threads:   any fiber or thread.
    /// Since:     0.1
    void join(Deadline deadline = never) const;

    /// As FiberHandle::cancel() of each member; those that come later are not affected. Never waits. Any thread.
    void cancel() const;

    /// As FiberHandle::kill() of each member: those that have not started never run. The running calls of map() and
    /// imap() start nothing more. Never waits, unless the caller is a member, who is killed too. Any thread.
    void kill(const std::exception_ptr& error = nullptr) const;

protected:
    Members();
    /// Cancels and joins the members.
    ~Members();

    /// Starts a fiber that calls fn(args...) for the future that is returned, and holds the seats and whatever else is
    /// in `tokens` as long.
    template <std::size_t Count, class Tokens, class F, class... Args>
    static Future<SpawnResult<F, Args...>> launch(const SpawnOptions& options,
                                                  const std::array<Member*, Count>& seats, Tokens tokens,
                                                  F&& fn, Args&&... args) {
        Promise<SpawnResult<F, Args...>> promise;
        Future<SpawnResult<F, Args...>> future = promise.future();
        SpawnOptions lazy = options;
        lazy.lazy = true;
        // The promise, being last, ends first: whoever finds the seat empty finds a result.
        auto body = [held = std::move(tokens), made = std::move(promise)](
                        std::decay_t<F> call, std::decay_t<Args>... with) mutable {
            made.set_from(
                [&]() -> decltype(auto) { return std::invoke(std::move(call), std::move(with)...); });
        };
        admit(weft::spawn(lazy, std::move(body), std::forward<F>(fn), std::forward<Args>(args)...), seats);
        return future;
    }

    /// Starts the fiber of a lazy handle as the member of these seats.
    static void admit(FiberHandle fiber, std::span<Member* const> seats);
    /// Whoever has the fiber goes on without; it is a member until it ends.
    void adopt(FiberHandle fiber) const;
    /// Grows with each kill().
    [[nodiscard]] std::uint64_t kills() const noexcept;
    [[nodiscard]] const std::shared_ptr<MemberList>& list() const noexcept { return list_; }

private:
    std::shared_ptr<MemberList> list_;
};

}  // namespace impl

/// Fibers that come and go, without a bound; for one with a bound see Pool. A member that fails does not disturb the
/// others: its error is in its future, and reported if nobody takes it from there. The destructor cancels the members
/// and waits for them.
///
/// Any fiber or thread may use it; a member runs on the hub of who has spawned it.
class Group : public impl::Members {
public:
    Group() = default;

    /// As weft::spawn(); the fiber is a member until it ends. It belongs to the group: its future may be dropped, and
    /// is broken if the fiber is cancelled or killed.
    ///
    /// Errors:    as weft::spawn().
    /// Threads:   any; a thread without a hub gets one.
    /// Since:     0.1
    template <class F, class... Args>
    Future<impl::SpawnResult<F, Args...>> spawn(const SpawnOptions& options, F&& fn, Args&&... args) {
        impl::Seat seat(list());
        const std::array seats{seat.member()};
        return launch(options, seats, std::move(seat), std::forward<F>(fn), std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, SpawnOptions>) Future<impl::SpawnResult<F, Args...>> spawn(
        F&& fn, Args&&... args) {
        return spawn(SpawnOptions{}, std::forward<F>(fn), std::forward<Args>(args)...);
    }

    /// Makes a fiber a member that runs already; the group keeps it from now on.
    template <class T>
    void add(Fiber<T> fiber) {
        adopt(std::move(fiber));
    }
};

}  // namespace weft
