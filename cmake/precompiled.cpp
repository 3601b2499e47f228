// Carries the precompiled header of the tests (cmake/weft_tests.cmake); there is nothing else in it.
