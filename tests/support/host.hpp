// A thread with a hub that serves others.
#pragma once

#include <atomic>
#include <thread>

#include <weft/core/fiber.hpp>
#include <weft/core/run.hpp>

namespace weft::test {

/// Its hub runs whatever is spawned there, until the object ends.
class Host {
public:
    Host()
        : thread_([this] {
              run([this] {
                  auto until_stopped = spawn([] { sleep_until(TimePoint::max()); });
                  stop_ = until_stopped.ref();
                  hub_ = this_hub();
                  ready_.store(true);
                  ready_.notify_one();
                  until_stopped.join();
              });
          }) {
        ready_.wait(false);
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host() {
        stop_.cancel();
        thread_.join();
    }

    [[nodiscard]] HubRef hub() const { return hub_; }
    [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

private:
    HubRef hub_;
    FiberRef stop_;
    std::atomic<bool> ready_{false};
    std::thread thread_;
};

}  // namespace weft::test
