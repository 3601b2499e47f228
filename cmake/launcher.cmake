# weft-run: finds libweft-shim.so from where it lies itself, in the build tree as in an installation.
find_package(CLI11 REQUIRED)
add_executable(weft-run ${PROJECT_SOURCE_DIR}/src/launcher/main.cpp $<TARGET_OBJECTS:weft_base>)
target_include_directories(weft-run PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(weft-run PRIVATE CLI11::CLI11 weft_warnings Threads::Threads)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_BINDIR} OUTPUT_VARIABLE weft_libdir_from_bindir)
target_compile_definitions(weft-run PRIVATE
    WEFT_VERSION_STRING="${PROJECT_VERSION}"
    WEFT_SHIM_FILE="libweft-shim.so.${PROJECT_VERSION_MAJOR}"
    WEFT_BINDIR="${CMAKE_INSTALL_FULL_BINDIR}"
    WEFT_LIBDIR_FROM_BINDIR="${weft_libdir_from_bindir}")
