// A dump when a signal comes.
#pragma once

#include <string_view>

namespace weft::impl {

/// `USR1`, `SIGUSR1` or a number; 0 where the name is unknown.
int signal_named(std::string_view name);

/// What WEFT_DUMP_SIGNAL asks for. Throws std::invalid_argument at a bad value.
void dump_on_environment();

}  // namespace weft::impl
