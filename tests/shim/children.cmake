# What the shim makes of programs that are started from under it. Not with sanitizers, whose library has to be the first of all.
if(NOT WEFT_SANITIZE)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    add_executable(started_program ${CMAKE_CURRENT_LIST_DIR}/started_program.c)
    target_link_libraries(started_program PRIVATE weft_warnings)
    add_test(NAME shim.children
        COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/children_test.py
            $<TARGET_FILE:weft-run> $<TARGET_FILE:weft_shim> $<TARGET_FILE:started_program>)
    set_tests_properties(shim.children PROPERTIES LABELS shim TIMEOUT 120)
endif()
