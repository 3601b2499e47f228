// A resolver that does not answer until it may.
#pragma once

#include <atomic>
#include <thread>

#include <netdb.h>

#include "core/hub_registry.hpp"
#include "support/sys_override.hpp"

namespace weft::test {

/// Lookups do not answer while it lives, or until release(); at its end all have. They find 127.0.0.1 if `finds`, else nothing.
class NoAnswer {
public:
    explicit NoAnswer(bool finds = false) {
        found() = finds;
        asked() = 0;
        released() = false;
    }
    NoAnswer(const NoAnswer&) = delete;
    NoAnswer& operator=(const NoAnswer&) = delete;
    ~NoAnswer() {
        release();
        for (int left = held(); left != 0; left = held()) {
            held().wait(left);
        }
        // One that nobody waits for any more may not have come so far.
        while (impl::jobs_are_at_work()) {
            std::this_thread::yield();
        }
    }
    static void release() {
        released() = true;
        released().notify_all();
    }
    /// Until so many lookups are waiting at once.
    static void wait_for_asked(int count) {
        for (int now = held(); now < count; now = held()) {
            held().wait(now);
        }
    }
    /// How many lookups have begun in all.
    static int begun() { return asked(); }

private:
    static std::atomic<int>& held() {
        static std::atomic<int> count{0};
        return count;
    }
    static std::atomic<int>& asked() {
        static std::atomic<int> count{0};
        return count;
    }
    static std::atomic<bool>& found() {
        static std::atomic<bool> yes{false};
        return yes;
    }
    static std::atomic<bool>& released() {
        static std::atomic<bool> yes{false};
        return yes;
    }

    static int look_up(const char*, const char*, const addrinfo*, addrinfo** list) {
        ++asked();
        ++held();
        held().notify_all();
        released().wait(false);
        *list = nullptr;
        const int code = found() ? ::getaddrinfo("127.0.0.1", nullptr, nullptr, list) : EAI_NONAME;
        --held();
        held().notify_all();
        return code;
    }

    impl::SysOverride<decltype(impl::Sys::getaddrinfo)> override_{&impl::Sys::getaddrinfo, &look_up};
};

}  // namespace weft::test
