# One executable per folder of tests, its tests known to ctest one by one.
include(GoogleTest)

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
    target_link_libraries(${name} PRIVATE ${ARGN} weft_warnings GTest::gmock GTest::gtest_main)
    # Tests throw values away, compare signs freely and shadow in nested lambdas; the library does not.
    target_compile_options(${name} PRIVATE -Wno-shadow -Wno-conversion)

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
