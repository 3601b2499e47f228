# What a user can set, and the flags that hold for every target of the project.
option(WEFT_TESTS "Build the tests and the examples" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_BENCH "Build the benchmarks (weft-echo-server, weft-echo-load, weft-micro)" ${PROJECT_IS_TOP_LEVEL})
option(WEFT_WERROR "Treat warnings as errors" OFF)
option(WEFT_LINTS "Check the project's own rules: lints as tests, each header alone" OFF)
option(WEFT_COVERAGE "Count lines and branches with gcov" OFF)
set(WEFT_SANITIZE "" CACHE STRING "Sanitizers, a list: address;undefined, or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# -O2, since -O3 gains nothing on code that is dominated by calls; -g, since dumps and profiles of a release build must be readable.
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")

# Programs of the build tree find libweft.so beside them, wherever the tree is moved to.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
