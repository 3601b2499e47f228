// Tests of where code lets other fibers run.
#pragma once

#include <weft/core/fiber.hpp>

#include <functional>
#include <utility>

namespace weft::testing {

/// Calls fn() and says whether it has let the other ready fibers of this hub run, by a wait or a yield(): a loop that
/// never does keeps them all from running. Not under a ShuffledOrder, where who runs next is open.
///
/// Suspends:  as fn does.
/// Errors:    what fn throws.
/// Threads:   any; a thread without a hub gets one.
/// Since:     0.1
template <class F>
bool lets_others_run(F&& fn) {
    bool ran = false;
    const auto other = spawn([&ran] { ran = true; });
    std::invoke(std::forward<F>(fn));
    return ran;
}

}  // namespace weft::testing
