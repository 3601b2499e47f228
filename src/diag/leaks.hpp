// The report of fibers that are left when their hub ends.
#pragma once

namespace weft::impl {

class Hub;

/// Prints it, if anybody wants it and there are any.
void report_left_fibers(Hub& hub) noexcept;

}  // namespace weft::impl
