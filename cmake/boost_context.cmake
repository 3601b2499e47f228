# Boost.Context, only its assembly (jump_fcontext, make_fcontext), linked in statically: a program may use another version.
find_library(WEFT_BOOST_CONTEXT_ARCHIVE NAMES libboost_context.a REQUIRED)
find_path(WEFT_BOOST_INCLUDE_DIR NAMES boost/context/detail/fcontext.hpp REQUIRED)

add_library(weft_boost_context STATIC IMPORTED)
set_target_properties(weft_boost_context PROPERTIES
    IMPORTED_LOCATION ${WEFT_BOOST_CONTEXT_ARCHIVE}
    INTERFACE_INCLUDE_DIRECTORIES ${WEFT_BOOST_INCLUDE_DIR})
