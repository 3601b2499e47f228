// What the library prints while a scope is open: warnings go through the system table's write.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/sys.hpp"
#include "support/sys_override.hpp"

namespace weft::test {

/// Make it before other threads run.
class StderrCapture {
public:
    StderrCapture() : override_(&impl::Sys::write, &StderrCapture::write) { text().clear(); }

    [[nodiscard]] static std::string str() {
        const std::lock_guard guard(lock());
        return text();
    }
    [[nodiscard]] static std::size_t count(std::string_view part) {
        const std::string all = str();
        std::size_t found = 0;
        for (std::size_t at = all.find(part); at != std::string::npos;
             at = all.find(part, at + part.size())) {
            ++found;
        }
        return found;
    }

private:
    static ssize_t write(int fd, const void* data, std::size_t size) {
        if (fd != STDERR_FILENO) {
            return ::write(fd, data, size);
        }
        const std::lock_guard guard(lock());
        text().append(static_cast<const char*>(data), size);
        return static_cast<ssize_t>(size);
    }
    static std::mutex& lock() {
        static std::mutex mutex;
        return mutex;
    }
    static std::string& text() {
        static std::string all;
        return all;
    }

    impl::SysOverride<ssize_t (*)(int, const void*, std::size_t)> override_;
};

}  // namespace weft::test
