# Sanitizers hold for everything in a build tree, or none of their reports can be trusted.
if(WEFT_SANITIZE)
    list(JOIN WEFT_SANITIZE "," weft_sanitizers)
    add_compile_options(-fsanitize=${weft_sanitizers} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${weft_sanitizers})
    if("undefined" IN_LIST WEFT_SANITIZE)
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
endif()
