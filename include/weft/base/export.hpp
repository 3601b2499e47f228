// Symbol visibility: everything in libweft.so is hidden except what says WEFT_API.
#pragma once

/// Part of the library's binary interface.
#define WEFT_API __attribute__((visibility("default")))

/// Hidden even inside an exported class: for members that only the library itself calls.
#define WEFT_INTERNAL __attribute__((visibility("hidden")))
