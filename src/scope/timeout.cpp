// Timeout: a scope that interrupts once, with an exception of its own.
#include <weft/scope/timeout.hpp>

#include "base/assert.hpp"
#include "core/scope_chain.hpp"

#include <atomic>
#include <new>
#include <utility>

namespace weft {

namespace {

/// Exceptions may outlive their Timeout, and the next one may then lie at the same address.
std::uint64_t next_serial() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

struct Timeout::Core final : impl::ScopeOwner {
    // NOLINTNEXTLINE(bugprone-throw-keyword-missing): an exception_ptr is no exception
    explicit Core(std::exception_ptr to_throw) noexcept : error(std::move(to_throw)) {}

    [[noreturn]] void strike() override {
        link.cancelled = false;
        link.deadline = never;
        expired = true;
        if (!given) {
            serial = next_serial();
            error = std::make_exception_ptr(TimeoutExpired(serial));
        }
        std::rethrow_exception(error);
    }

    impl::ScopeLink link;
    std::exception_ptr error;  ///< what it throws; its own is made when it strikes
    bool given = error != nullptr;
    bool expired = false;
    std::uint64_t serial = 0;
};

Timeout::Timeout(Deadline deadline, std::exception_ptr error) {
    static_assert(sizeof(Core) <= sizeof room_);
    Core& core = *::new (room_) Core(std::move(error));
    core.link = impl::ScopeLink{.deadline = deadline, .owner = &core, .edge = true};
    impl::open_scope(core.link);
}

Timeout::~Timeout() {
    impl::close_scope(core().link);
    core().~Core();
}

Timeout::Core& Timeout::core() const noexcept {
    return *std::launder(reinterpret_cast<Core*>(const_cast<std::byte*>(room_)));
}

bool Timeout::pending() const noexcept { return core().link.cancelled || !core().link.deadline.is_never(); }

bool Timeout::expired() const noexcept { return core().expired; }

void Timeout::cancel() noexcept {
    core().link.deadline = never;
    core().link.cancelled = false;
}

void Timeout::start(Deadline deadline) {
    WEFT_CHECK(!pending(), "a Timeout is started that is pending: cancel() it first");
    core().expired = false;
    core().link.deadline = deadline;
}

bool Timeout::is(const TimeoutExpired& exception) const noexcept {
    return expired() && exception.serial_ == core().serial;
}

bool Timeout::is(const std::exception_ptr& exception) const noexcept {
    return expired() && exception == core().error;
}

}  // namespace weft
