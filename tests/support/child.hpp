// Children by fork() that check things and tell their parent by their exit status.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <ostream>

namespace weft::test {

/// How a child has ended.
struct ChildEnd {
    int status = -1;

    static ChildEnd exit(int code) { return {W_EXITCODE(code, 0)}; }
    friend bool operator==(const ChildEnd&, const ChildEnd&) = default;
    friend void PrintTo(const ChildEnd& end, std::ostream* out) {
        if (WIFEXITED(end.status)) {
            *out << "exit status " << WEXITSTATUS(end.status);
        } else {
            *out << "signal " << WTERMSIG(end.status);
        }
    }
};

/// A child that hangs is killed by this.
inline constexpr unsigned child_seconds = 60;

inline ChildEnd await_child(pid_t pid) {
    ChildEnd end;
    while (::waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
    }
    return end;
}

/// Calls `check` and ends with status 0 where it returns true.
template <class F>
[[noreturn]] void check_and_exit(F check) {
    int status = 1;
    try {
        status = check() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "in the child: %s\n", error.what());
    }
    ::_exit(status);
}

/// Forks in the calling fiber; the child runs `check`, and the caller's thread waits for its end.
template <class F>
ChildEnd in_child(F check) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(child_seconds);
        check_and_exit(check);
    }
    return await_child(pid);
}

inline bool reported(bool holds, const char* text, const char* file, int line) {
    if (!holds) {
        std::fprintf(stderr, "%s:%d: in the child: %s\n", file, line, text);
    }
    return holds;
}

}  // namespace weft::test

/// In a function that returns bool: returns false, with a message, unless the condition holds.
#define CHECK_IN_CHILD(condition)                                                   \
    do {                                                                            \
        if (!::weft::test::reported((condition), #condition, __FILE__, __LINE__)) { \
            return false;                                                           \
        }                                                                           \
    } while (false)

#define EXPECT_CHILD_PASSES(...) EXPECT_EQ((__VA_ARGS__), ::weft::test::ChildEnd::exit(0))
