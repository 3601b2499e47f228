// Names for what one does not own: a hub, a fiber; and being told when a fiber ends.
#pragma once

#include <weft/base/export.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace weft {

namespace impl {
struct FiberBlock;
struct RefBox;
struct HubAccess;
}  // namespace impl

/// Names a hub, from any thread: where a fiber is to start. Weak: a hub that has ended refuses the fiber.
class HubRef {
public:
    /// No hub in particular: the one of the calling thread.
    HubRef() noexcept = default;

    friend bool operator==(const HubRef&, const HubRef&) noexcept = default;

private:
    friend struct impl::HubAccess;
    explicit HubRef(std::uint64_t serial) noexcept : serial_(serial) {}
    std::uint64_t serial_ = 0;
};

/// The hub of the calling thread; makes one if there is none.
/// Errors:  std::system_error if no hub can be made (no descriptors or memory left).
[[nodiscard]] WEFT_API HubRef this_hub();

struct FiberOutcome;

/// A function that is called when a fiber has ended.
using Link = std::function<void(const FiberOutcome&)>;

/// Names a link of one fiber, for unlink().
enum class LinkToken : std::uint64_t {};

/// A copyable weak handle: outlives its fiber, keeps nothing of it alive but the exception that it ended with.
class WEFT_API FiberRef {
public:
    FiberRef() noexcept = default;
    FiberRef(const FiberRef& other) noexcept;
    FiberRef(FiberRef&& other) noexcept : box_(std::exchange(other.box_, nullptr)) {}
    FiberRef& operator=(FiberRef other) noexcept {
        std::swap(box_, other.box_);
        return *this;
    }
    ~FiberRef();

    /// 0 for an empty reference. Ids are never used twice.
    [[nodiscard]] std::uint64_t id() const noexcept;
    [[nodiscard]] std::string name() const;
    /// False once the fiber has finished, and for an empty reference.
    [[nodiscard]] bool alive() const noexcept;

    /// As Fiber::cancel(). Nothing happens to a fiber that has finished. Any thread.
    void cancel() const;
    /// As Fiber::kill(). Nothing happens to a fiber that has finished. Any thread.
    void kill(std::exception_ptr error = nullptr) const;

    /// As Fiber::link() and its companions. The reference must not be empty. Any thread.
    LinkToken link(Link fn) const;
    LinkToken link_value(Link fn) const;
    LinkToken link_exception(Link fn) const;
    bool unlink(LinkToken token) const noexcept;

private:
    friend struct impl::RefBox;
    explicit FiberRef(impl::RefBox* box) noexcept : box_(box) {}
    impl::RefBox* box_ = nullptr;
};

/// The calling fiber. Empty on a thread without a hub.
[[nodiscard]] WEFT_API FiberRef this_fiber();

/// How a fiber has ended, for its links.
struct FiberOutcome {
    FiberRef fiber;
    std::exception_ptr exception;  ///< null if it has returned
};

}  // namespace weft
