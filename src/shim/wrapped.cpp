// The functions that the table says all about.
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include <weft/base/export.hpp>
#include <weft/posix/posix.hpp>

#define WEFT_GATED(gate, group, name, result, parameters, arguments) \
    WEFT_SHIM(name, result, parameters) {                            \
        if (::weft::impl::gate(::weft::shim::Group::group)) {        \
            return ::weft::posix::name arguments;                    \
        }                                                            \
        return WEFT_ORIGINAL(name, result, parameters) arguments;    \
    }
#define WRAP(group, name, result, parameters, arguments) \
    WEFT_GATED(wrap_gate, group, name, result, parameters, arguments)
#define BOOK(group, name, result, parameters, arguments) \
    WEFT_GATED(book_gate, group, name, result, parameters, arguments)
#include "shim/table.def"
