# Locks of libc and of the C++ library between fibers, by a program that is linked with the shim.
find_package(GTest REQUIRED)
add_executable(shim_locks ${CMAKE_CURRENT_LIST_DIR}/locks_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/sanitizer_options.cpp)
target_link_libraries(shim_locks PRIVATE weft::shim weft::weft weft_warnings GTest::gtest_main)
add_test(NAME shim.locks COMMAND shim_locks)
set_tests_properties(shim.locks PROPERTIES LABELS shim TIMEOUT 60)
