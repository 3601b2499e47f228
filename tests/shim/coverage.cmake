# What the shim handles, held against what the C library of this machine exports.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME shim.coverage
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/coverage_test.py $<TARGET_FILE:weft_shim>)
set_tests_properties(shim.coverage PROPERTIES LABELS shim TIMEOUT 60)
