# Plain C programs of blocking calls, with the output that they have by themselves. Each is run so: alone, under weft-run, and linked with
# the shim as a fiber beside another (by several fibers at once too, where its first lines allow that).
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_library(guest_host OBJECT ${CMAKE_CURRENT_LIST_DIR}/guest_host.cpp)
target_link_libraries(guest_host PRIVATE weft::weft weft_warnings)

# weft_add_guest(NAME SUFFIX LINK...): the executable guest_NAME_SUFFIX.
function(weft_add_guest name suffix)
    set(target guest_${name}_${suffix})
    add_executable(${target} ${CMAKE_CURRENT_LIST_DIR}/guests/${name}.c)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    set_target_properties(${target} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON LINKER_LANGUAGE CXX)
    target_link_libraries(${target} PRIVATE ${ARGN} Threads::Threads weft_warnings)
    if(name STREQUAL fortified)
        target_compile_options(${target} PRIVATE -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
endfunction()

# weft_test_guest(NAME WAY [OPTION...] COMMAND...): what guest_test.py runs.
function(weft_test_guest name way)
    add_test(NAME shim.guest_${name}_${way}
        COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/guest_test.py ${ARGN})
    set_tests_properties(shim.guest_${name}_${way} PROPERTIES LABELS shim TIMEOUT 60)
endfunction()

file(GLOB guests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/guests/*.c)
foreach(source IN LISTS guests)
    cmake_path(GET source STEM name)
    set(expected ${CMAKE_CURRENT_LIST_DIR}/guests/${name}.out)
    file(STRINGS ${source} marks REGEX "^// guest: " LIMIT_COUNT 3)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})

    weft_add_guest(${name} native)
    weft_test_guest(${name} native ${expected} $<TARGET_FILE:guest_${name}_native>)
    # A sanitizer's library has to be the first of all, which a preloaded one is.
    if(NOT WEFT_SANITIZE)
        weft_test_guest(${name} preloaded ${expected} $<TARGET_FILE:weft-run> -- $<TARGET_FILE:guest_${name}_native>)
    endif()

    if(marks MATCHES "guest: without fibers")
        continue()
    endif()
    weft_add_guest(${name} linked guest_host weft::shim weft::weft)
    target_compile_definitions(guest_${name}_linked PRIVATE main=guest_main)
    set(options)
    if(marks MATCHES "guest: hub waits")
        set(options --hub-waits)
    endif()
    weft_test_guest(${name} linked ${expected} $<TARGET_FILE:guest_${name}_linked> ${options})
    if(marks MATCHES "guest: many")
        weft_test_guest(${name} many --times 8 ${expected} $<TARGET_FILE:guest_${name}_linked> --fibers=8 ${options})
    endif()
endforeach()
