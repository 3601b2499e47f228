// The watchdog that the environment asks for.
#pragma once

namespace weft::impl {

/// What WEFT_WATCHDOG asks for. Throws std::invalid_argument at a bad value.
void watch_on_environment();

}  // namespace weft::impl
