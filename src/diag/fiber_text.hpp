// How dumps name fibers and what they wait for.
#pragma once

#include "diag/sample.hpp"

#include <string>

namespace weft::impl {

/// `fiber 12 "name"`.
std::string title_of(const FiberSample& fiber);

/// `1.50 s`, `20 ms`, `3 us`.
std::string duration_text(std::int64_t ns);

/// `mutex 0x7ffd…, held by fiber 4, deadline in 3.0 s`; for those that do not wait, their state.
std::string state_text(const FiberSample& fiber, std::int64_t now);

/// The same without what differs between fibers that do the same: object, descriptor, deadline.
std::string kind_text(const FiberSample& fiber);

/// `2K of 255K`.
std::string stack_text(const FiberSample& fiber);

}  // namespace weft::impl
