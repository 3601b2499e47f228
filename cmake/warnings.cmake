# Warnings, for the project's own C++ code only: weft_warnings is linked PRIVATE by every target.
add_library(weft_warnings INTERFACE)
target_compile_options(weft_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wnon-virtual-dtor;-Woverloaded-virtual;-Wundef;-Wvla>
    $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra>)
if(WEFT_WERROR)
    target_compile_options(weft_warnings INTERFACE -Werror)
endif()
