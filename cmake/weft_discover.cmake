# Run by ctest, in its own small dialect: adds the tests of a GoogleTest executable under the names that GoogleTest gives them.
#
# CMake's gtest_discover_tests is not used: it gives typed suites that share a prefix one name for several tests, and cannot give
# a test two labels when it looks at test time.

# The end of a suite's name says what its tests need: TimersReal (real time), SpawnHuge (more than 20,000 fibers, and so a machine
# for itself), ServerSlow (more than ten seconds). tests/run.sh leaves out `slow` and `huge` unless it is asked for them.
function(weft_set_properties test suite folder)
    set(labels ${folder})
    set(timeout 60)
    foreach(kind Real Huge Slow)
        if(suite MATCHES "${kind}(/|$)")
            string(TOLOWER ${kind} label)
            list(APPEND labels ${label})
        endif()
    endforeach()
    if(suite MATCHES "(Huge|Slow)(/|$)")
        set(timeout 300)
    endif()
    set_tests_properties(${test} PROPERTIES
        LABELS "${labels}" TIMEOUT ${timeout} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
    if(suite MATCHES "Huge(/|$)")
        set_tests_properties(${test} PROPERTIES RUN_SERIAL TRUE)
    endif()
    if(test MATCHES "[./]DISABLED_")
        set_tests_properties(${test} PROPERTIES DISABLED TRUE)
    endif()
endfunction()

# The contract has a test for each pair of a rule and a waiting call, thousands that take no time: a process for each would take as long
# as all other tests together (400 s of the dev preset on two cores, against 5 s). They run in a few processes.
function(weft_add_shards name executable folder count)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        add_test(${name}.part_${index} ${executable} --gtest_brief=1)
        set_tests_properties(${name}.part_${index} PROPERTIES
            LABELS ${folder} TIMEOUT 300 ENVIRONMENT "GTEST_TOTAL_SHARDS=${count};GTEST_SHARD_INDEX=${index}")
    endforeach()
endfunction()

function(weft_discover name executable folder)
    if(NOT EXISTS ${executable})
        add_test(${name}.is_not_built ${executable})
        return()
    endif()
    if(folder STREQUAL "contract")
        weft_add_shards(${name} ${executable} ${folder} 8)
        return()
    endif()
    execute_process(COMMAND ${executable} --gtest_list_tests OUTPUT_VARIABLE listing RESULT_VARIABLE status TIMEOUT 60)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${executable} --gtest_list_tests: ${status}\n${listing}")
    endif()
    # "Suite.  # TypeParam = ..." begins a suite, "  Test  # GetParam() = ..." is a test of it; the rest is gtest_main's greeting.
    string(REGEX REPLACE "  # [^\n]*" "" listing "${listing}")
    string(REPLACE "\n" ";" listing "${listing}")
    foreach(line IN LISTS listing)
        if(line MATCHES "^([A-Za-z0-9_/]+)\\.$")
            set(suite ${CMAKE_MATCH_1})
        elseif(line MATCHES "^  ([A-Za-z0-9_/]+)$")
            set(test ${suite}.${CMAKE_MATCH_1})
            add_test(${name}.${test} ${executable} --gtest_filter=${test})
            weft_set_properties(${name}.${test} ${suite} ${folder})
        endif()
    endforeach()
endfunction()
