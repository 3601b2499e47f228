// The settings of libc's resolver (`_res`, a state of each thread), taken along to the thread that looks up.
#pragma once

#include <resolv.h>

#include <optional>

namespace weft::impl {

using ResolverData = struct ::__res_state;  // which is a function, too

/// A copy that shares nothing with its original: neither addresses nor connections.
class ResolverState {
public:
    explicit ResolverState(const ResolverData& from);
    ResolverState(const ResolverState&) = delete;
    ResolverState& operator=(const ResolverState&) = delete;
    ~ResolverState();

    [[nodiscard]] res_state get() noexcept { return &state_; }

private:
    void free_addresses() noexcept;

    ResolverData state_;
};

/// Settles the calling thread's state as each of libc's look-ups does at its begin: reads the settings if that has not been done,
/// or if the file has changed since and the program has not set its own.
void refresh_own_resolver() noexcept;

/// A copy of the calling thread's state, if it is in use: else each thread's is the same. Throws std::bad_alloc.
void copy_own_resolver(std::optional<ResolverState>& to);

/// For its length the calling thread looks up with `state`, if there is one.
class WithResolver {
public:
    explicit WithResolver(std::optional<ResolverState>& state) noexcept;
    WithResolver(const WithResolver&) = delete;
    WithResolver& operator=(const WithResolver&) = delete;
    ~WithResolver();

private:
    std::optional<ResolverState>& state_;
    ResolverData before_;
};

/// Whether libc's resolver takes it as an address, and looks nothing up.
[[nodiscard]] bool is_address(const char* host) noexcept;

}  // namespace weft::impl
