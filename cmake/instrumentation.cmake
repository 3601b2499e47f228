# Sanitizers and coverage hold for everything in a build tree: reports about half a program cannot be trusted.
if(WEFT_SANITIZE)
    list(JOIN WEFT_SANITIZE "," weft_sanitizers)
    add_compile_options(-fsanitize=${weft_sanitizers} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${weft_sanitizers})
    if("undefined" IN_LIST WEFT_SANITIZE)
        # Without vptr: it opens a pipe to learn whether memory can be read, and calls every object invalid in those tests that
        # have used up all descriptors.
        add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
    endif()
endif()
if(WEFT_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
