// The public face of virtual time.
#include <weft/testing/virtual_time.hpp>

#include "base/error.hpp"
#include "core/hub.hpp"
#include "core/park.hpp"
#include "testing/virtual_poller.hpp"

#include <weft/core/run.hpp>

#include <chrono>
#include <memory>

namespace weft::testing {

namespace {

impl::VirtualPoller& poller() noexcept {
    return static_cast<impl::VirtualPoller&>(impl::Hub::current()->poller());
}

struct IdleRecord : impl::WaitRecord {
    explicit IdleRecord(impl::Hub& whose) noexcept
        : WaitRecord(impl::WaitReason::all_parked, nullptr, &abort_idle), hub(whose) {
        node.record = this;
        hub.on_idle.push(node);
    }
    static bool abort_idle(WaitRecord& record) noexcept {
        auto& self = static_cast<IdleRecord&>(record);
        const bool won = self.node.linked;
        if (won) {
            self.hub.on_idle.remove(self.node);
        }
        return won;
    }
    impl::Hub& hub;
    impl::WaitNode node;
};

}  // namespace

VirtualTime::VirtualTime() {
    if (impl::Hub::current() != nullptr) {
        impl::fatal("weft::testing::VirtualTime: this thread has a hub already");
    }
    impl::Hub::adopt(std::make_unique<impl::VirtualPoller>());
}

VirtualTime::~VirtualTime() {
    if (!impl::Hub::end_current(RunOptions{}.grace)) {
        impl::fatal("weft::testing::VirtualTime: its hub cannot end while the fibers named above live");
    }
}

TimePoint VirtualTime::now() const noexcept {
    return TimePoint{Duration{impl::VirtualClock::process().now()}};
}

void VirtualTime::advance(Duration by) { impl::VirtualClock::process().advance(by.count()); }

void VirtualTime::make_readable(int fd) { poller().make_ready(fd, false); }

void VirtualTime::make_writable(int fd) { poller().make_ready(fd, true); }

VirtualTime::Hold::Hold() noexcept { impl::VirtualClock::process().hold(); }

VirtualTime::Hold::~Hold() { impl::VirtualClock::process().release(); }

void wait_all_parked() {
    impl::Hub* hub = impl::Hub::current();
    if (hub == nullptr) {
        return;
    }
    IdleRecord record(*hub);
    Deadline deadline = never;
    impl::park_or_throw(record, deadline, "wait_all_parked");
}

}  // namespace weft::testing
