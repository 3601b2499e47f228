// Turns in a fixed order.
#include <weft/testing/sequencer.hpp>

#include "core/hub.hpp"

#include <weft/scope/scope.hpp>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace weft::testing {

Sequencer::Turn Sequencer::turn(std::uint64_t number, Deadline deadline) {
    mutex_.lock(deadline);
    std::unique_lock<Mutex> lock(mutex_, std::adopt_lock);
    const auto its_time = [&] { return next_ >= number; };
    changed_.wait(lock, its_time, deadline);
    if (next_ > number || taken_) {
        throw std::logic_error("weft::testing::Sequencer: turn " + std::to_string(number) +
                               (next_ > number ? " is over already" : " has been taken already"));
    }
    taken_ = true;
    return Turn(*this);
}

Sequencer::Turn::~Turn() {
    // A thread without a hub is not interrupted, and need not get one for this.
    std::optional<Shield> shield;
    if (impl::Hub::current() != nullptr) {
        shield.emplace();
    }
    {
        const std::scoped_lock lock(of_.mutex_);
        ++of_.next_;
        of_.taken_ = false;
    }
    of_.changed_.notify_all();
}

}  // namespace weft::testing
