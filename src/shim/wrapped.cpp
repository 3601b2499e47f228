// The functions that the table says all about.
#include "shim/gate.hpp"
#include "shim/originals.hpp"
#include "shim/own_code.hpp"

#include <weft/base/export.hpp>
#include <weft/posix/posix.hpp>

namespace weft::impl {

/// Whether a call for threads and locks is the library's own, which is libc's affair. What returns to `caller` makes it.
template <shim::Group group>
bool is_own_call([[maybe_unused]] const void* caller) noexcept {
    if constexpr (group == shim::Group::locks) {
        return is_own_code(caller);
    } else if constexpr (group == shim::Group::keys) {
        return is_own_code(caller) || sanitizer_code.contains(caller);
    } else {
        return false;
    }
}

}  // namespace weft::impl

// NOLINTBEGIN(bugprone-macro-parentheses): parameters and arguments come with theirs
#define WEFT_GATED(gate, group, name, result, parameters, arguments)                 \
    WEFT_SHIM(name, result, parameters) {                                            \
        using ::weft::shim::Group;                                                   \
        if (::weft::impl::gate(Group::group) &&                                      \
            !::weft::impl::is_own_call<Group::group>(__builtin_return_address(0))) { \
            return ::weft::posix::name arguments;                                    \
        }                                                                            \
        return WEFT_ORIGINAL(name, result, parameters) arguments;                    \
    }
#define WRAP(group, name, result, parameters, arguments) \
    WEFT_GATED(wrap_gate, group, name, result, parameters, arguments)
#define BOOK(group, name, result, parameters, arguments) \
    WEFT_GATED(book_gate, group, name, result, parameters, arguments)
#include "shim/table.def"
// NOLINTEND(bugprone-macro-parentheses)
