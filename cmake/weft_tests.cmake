# One executable per folder of tests, its tests known to ctest one by one.

# GoogleTest precompiled saves 1.4 of 3.7 seconds per file of tests. Not under a compiler launcher such as ccache, which does
# better than that and cannot cache what uses a precompiled header.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(WEFT_PRECOMPILE ON)
    # Through a precompiled header g++ 12 takes libstdc++ for the project's own code and tells of its false alarms about std::string
    # (GCC bugs 105329 and 105651). The library itself is compiled with these warnings.
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        set(WEFT_PRECOMPILED_OPTIONS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
    # An executable, never built as such: its flags have to be those of the tests, down to -fPIE.
    add_executable(weft_precompiled EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
    target_link_libraries(weft_precompiled PRIVATE weft_warnings GTest::gtest_main)
    target_compile_options(weft_precompiled PRIVATE -ftls-model=initial-exec ${WEFT_PRECOMPILED_OPTIONS})
    target_precompile_headers(weft_precompiled PRIVATE <gtest/gtest.h>)
endif()

# weft_add_test_folder(NAME DIRECTORY LINK...): an executable NAME of DIRECTORY/*.cpp, or nothing where there are none.
# Its tests get the folder's name as a label, and those that the names of their suites end in (weft_discover.cmake).
function(weft_add_test_folder name directory)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources} ${PROJECT_SOURCE_DIR}/tests/support/sanitizer_options.cpp)
    if(WEFT_PRECOMPILE)
        target_precompile_headers(${name} REUSE_FROM weft_precompiled)
        target_compile_options(${name} PRIVATE ${WEFT_PRECOMPILED_OPTIONS})
    endif()
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_options(${name} PRIVATE -ftls-model=initial-exec)
    target_link_libraries(${name} PRIVATE ${ARGN} weft_warnings GTest::gmock GTest::gtest_main)

    # Read by ctest when it starts: what tests there are is asked of the executable then, not while it is built.
    cmake_path(GET directory FILENAME folder)
    set(script ${CMAKE_CURRENT_BINARY_DIR}/${name}_tests.cmake)
    file(GENERATE OUTPUT ${script} CONTENT
        "include(\"${PROJECT_SOURCE_DIR}/cmake/weft_discover.cmake\")\nweft_discover(${name} \"$<TARGET_FILE:${name}>\" ${folder})\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
