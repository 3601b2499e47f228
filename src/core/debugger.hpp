// What a debugger finds the fibers by, in a process or a core file, with debug information or without: weft_gdb.py reads it.
#pragma once

#include <weft/base/export.hpp>

#include <cstdint>
#include <vector>

namespace weft::impl {

class Hub;

extern "C" {

/// A name and its value: the offset of a member in bytes, a number, or an address.
struct WeftDebuggerEntry {
    char name[24];
    std::uint64_t value;
};

/// Ends with an empty name. The second one is about what users hold in their hands: channels, futures.
extern WEFT_API const WeftDebuggerEntry weft_debugger_table[];
extern WEFT_API const WeftDebuggerEntry weft_object_table[];

/// Indexed by the reason of a wait.
extern WEFT_API const char* const* const weft_reason_names;

/// All hubs of the process; null before the first.
extern WEFT_API std::vector<Hub*>* weft_hubs;
}

}  // namespace weft::impl
