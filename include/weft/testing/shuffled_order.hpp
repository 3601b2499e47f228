// Tests of what must not depend on the order in which ready fibers run.
#pragma once

#include <weft/base/export.hpp>

#include <cstdint>

namespace weft::testing {

/// While it lives, who of the ready fibers of the calling thread's hub runs next is drawn by lot. By default the
/// one that has been ready longest runs, which hides errors in programs that rely on it. The same seed gives the
/// same program the same order, as long as nothing else differs (on virtual time nothing does).
///
/// It works in release builds too. For programs that are not tests, the environment variable WEFT_SHUFFLE=SEED
/// shuffles every hub. A thread without a hub gets one. End it on the thread that made it.
class WEFT_API ShuffledOrder {
public:
    /// With a seed from the system, which seed() tells: print it where a test fails.
    ShuffledOrder();
    explicit ShuffledOrder(std::uint64_t seed);
    ShuffledOrder(const ShuffledOrder&) = delete;
    ShuffledOrder& operator=(const ShuffledOrder&) = delete;
    ~ShuffledOrder();

    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

private:
    std::uint64_t seed_;
};

}  // namespace weft::testing
