// What happens when the process forks: the child keeps the calling fiber alone. docs/design/fork.md says how.
#pragma once

#include <atomic>
#include <cstdint>

namespace weft::impl {

struct FiberBlock;

/// What something of the whole process, which other threads may be at work on, does when one of them forks.
struct AroundFork {
    /// Takes its locks, so that it is consistent. Those of `core` are taken after this.
    virtual void before_fork() noexcept {}
    virtual void after_fork_in_parent() noexcept {}
    /// No other thread is there any more. What belonged to one is forgotten and never destroyed: nobody knows its state.
    virtual void after_fork_in_child() noexcept = 0;

protected:
    ~AroundFork() = default;
};

/// The place of its owner in the list of all that forks concern; as the owner's last member it is the first to go.
class ForkPart {
public:
    constexpr explicit ForkPart(AroundFork& owner) noexcept : owner_(owner) {}
    ForkPart(const ForkPart&) = delete;
    ForkPart& operator=(const ForkPart&) = delete;
    ~ForkPart();

    /// Lists the owner, unless it is. Not from the initialisation of a static object: were another thread to fork while that
    /// waits here for its turn, the object would be in the making for ever in the child.
    void list();

private:
    friend struct ForkParts;
    AroundFork& owner_;
    std::atomic<bool> listed_{false};
    ForkPart* prev_ = nullptr;
    ForkPart* next_ = nullptr;
};

/// From the first call on the library is told of forks. Throws std::system_error if it cannot be.
void watch_forks();

/// How many forks lie between the program's start and this process.
std::uint32_t forks_survived() noexcept;

/// Whether the fiber was left behind in the parent by a fork.
bool is_left_behind(const FiberBlock& fiber) noexcept;

/// The same for a fiber that has not finished. One that was on another thread's hub counts as finished, with Abandoned, from
/// then on, as those of the child's own hub do from the start.
bool end_if_left_behind(FiberBlock& fiber) noexcept;

/// What the child's fiber, or a job of a pool, was called by is not there any more: ends the process as the return of main()
/// would.
[[noreturn]] void exit_child(bool failed);

}  // namespace weft::impl
