// The poller of a hub on virtual time. Descriptors are real all the same, and tests can say that one is
// ready.
#pragma once

#include "base/unique_fd.hpp"
#include "core/poller.hpp"
#include "testing/virtual_clock.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace weft::impl {

class VirtualPoller final : public Poller {
public:
    VirtualPoller();
    ~VirtualPoller() override;

    void poll(std::int64_t until) override;
    void notify() noexcept override;
    void start(Watch& watch, bool fresh) override;
    void stop(Watch& watch) noexcept override;
    void after_fork() override;
    void leave_behind() noexcept override;
    std::int64_t now() noexcept override { return clock_.now(); }
    std::int64_t coarse_now() noexcept override { return clock_.now(); }
    bool real_time() const noexcept override { return false; }

    /// The watch of `fd` finds it ready once, at the next poll at which it is started; it may be no
    /// descriptor at all.
    void make_ready(int fd, bool write);
    [[nodiscard]] bool watched(int fd, bool write) const noexcept;

private:
    void open();
    bool take_events();
    bool take_injected(const Watch& watch);
    [[nodiscard]] std::vector<pollfd> descriptors() const;

    VirtualClock& clock_;
    VirtualClock::Member member_;
    UniqueFd wake_fd_;
    std::vector<Watch*> started_;
    std::vector<pollfd> polled_;  ///< as the last look at the descriptors has left it
    std::vector<std::pair<int, bool>> injected_;
};

}  // namespace weft::impl
