# One executable per folder of tests, its tests known to ctest one by one.
include(GoogleTest)

# GoogleTest precompiled saves 1.4 of 3.7 seconds per file of tests. Not under a compiler launcher such as ccache, which does
# better than that and cannot cache what uses a precompiled header.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(WEFT_PRECOMPILE ON)
    # An executable, never built as such: its flags have to be those of the tests, down to -fPIE.
    add_executable(weft_precompiled EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
    target_link_libraries(weft_precompiled PRIVATE weft_warnings GTest::gtest_main)
    target_compile_options(weft_precompiled PRIVATE -ftls-model=initial-exec)
    target_precompile_headers(weft_precompiled PRIVATE <gtest/gtest.h>)
endif()

# weft_add_test_folder(NAME DIRECTORY LINK...): an executable NAME of DIRECTORY/*.cpp, or nothing where there are none.
# The end of a suite's name decides its labels: TimersReal (needs real time), SpawnHuge (more than 20,000 fibers),
# ServerSlow (more than ten seconds). tests/run.sh leaves out `slow` and `huge` unless it is asked for them.
function(weft_add_test_folder name directory)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_options(${name} PRIVATE -ftls-model=initial-exec)
    target_link_libraries(${name} PRIVATE ${ARGN} weft_warnings GTest::gmock GTest::gtest_main)
    if(WEFT_PRECOMPILE)
        target_precompile_headers(${name} REUSE_FROM weft_precompiled)
    endif()

    cmake_path(GET directory FILENAME folder)
    set(real "*Real.*:*Real/*.*")
    set(huge "*Huge.*:*Huge/*.*")
    set(slow "*Slow.*:*Slow/*.*")
    weft_discover(${name} "-${real}:${huge}:${slow}" "${folder}" 60)
    weft_discover(${name} "${real}" "${folder};real" 60)
    weft_discover(${name} "${huge}" "${folder};huge" 300)
    weft_discover(${name} "${slow}" "${folder};slow" 300)
endfunction()

function(weft_discover name filter labels timeout)
    gtest_discover_tests(${name}
        TEST_PREFIX ${name}.
        TEST_FILTER "${filter}"
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES LABELS "${labels}" TIMEOUT ${timeout})
endfunction()
