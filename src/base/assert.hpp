// Checks: WEFT_CHECK always, for a caller's bug; WEFT_ASSERT in debug builds only, for our own.
#pragma once

#include "base/error.hpp"

#define WEFT_CHECK(condition, ...)            \
    do {                                      \
        if (!(condition)) [[unlikely]] {      \
            ::weft::impl::fatal(__VA_ARGS__); \
        }                                     \
    } while (false)

#ifdef NDEBUG
#define WEFT_ASSERT(condition) static_cast<void>(0)
#else
#define WEFT_ASSERT(condition) \
    WEFT_CHECK(condition, "%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition)
#endif
