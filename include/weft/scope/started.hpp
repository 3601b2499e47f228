// How a fiber that has been started by TaskGroup::start() says that it is ready.
#pragma once

#include <weft/base/export.hpp>
#include <weft/core/fiber.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

namespace impl {

/// Between a fiber that waits and the member that it has started.
class WEFT_API StartGateBase {
public:
    StartGateBase();
    StartGateBase(const StartGateBase&) = delete;
    StartGateBase& operator=(const StartGateBase&) = delete;
    ~StartGateBase();

    /// Waits until open() or the member's end, and throws what the member has ended with. Interrupted, it
    /// cancels the member and waits for its end.
    void wait();

    /// In the member, around its function.
    template <class F>
    void run(F call) {
        begin();
        try {
            call();
        } catch (...) {
            failed();
        }
        ended();
    }

protected:
    void check_closed() const noexcept;
    void open() noexcept;

private:
    void begin();
    [[noreturn]] void failed();
    void ended() noexcept;
    void abandon() noexcept;

    struct State;
    std::unique_ptr<State> state_;
};

template <class T>
class StartGate : public StartGateBase {
public:
    template <class V>
    void open_with(V&& value) {
        check_closed();
        value_.emplace(std::forward<V>(value));
        open();
    }
    T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

template <>
class StartGate<void> : public StartGateBase {
public:
    void open_with() {
        check_closed();
        open();
    }
    void take() {}
};

}  // namespace impl

/// What a member that was started by TaskGroup::start() calls once it is ready, with the value that start() is
/// to return. A second call stops the program.
template <class T = void>
class Started {
public:
    explicit Started(std::shared_ptr<impl::StartGate<T>> gate) noexcept : gate_(std::move(gate)) {}
    void operator()(T value) { gate_->open_with(std::move(value)); }

private:
    std::shared_ptr<impl::StartGate<T>> gate_;
};
template <>
class Started<void> {
public:
    explicit Started(std::shared_ptr<impl::StartGate<void>> gate) noexcept : gate_(std::move(gate)) {}
    void operator()() { gate_->open_with(); }

private:
    std::shared_ptr<impl::StartGate<void>> gate_;
};

}  // namespace weft
