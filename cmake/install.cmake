# Installation: headers, libweft.so, and what find_package(weft) and pkg-config need.
include(CMakePackageConfigHelpers)

install(TARGETS weft weft_shim weft_testing_api weft_diag_api EXPORT weft
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS weft-run RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# gdb loads it with the library, by its name: from its own directory for what lies below /usr, and else from beside the library, where
# it asks for `add-auto-load-safe-path` first.
set(weft_gdb_dir ${CMAKE_INSTALL_LIBDIR})
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(weft_gdb_dir ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/src/diag/weft_gdb.py DESTINATION ${weft_gdb_dir}
    RENAME libweft.so.${PROJECT_VERSION}-gdb.py)

set(weft_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
install(EXPORT weft NAMESPACE weft:: DESTINATION ${weft_config_dir} FILE weftTargets.cmake)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weftConfig.cmake.in ${PROJECT_BINARY_DIR}/weftConfig.cmake
    INSTALL_DESTINATION ${weft_config_dir})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weftConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weftConfig.cmake ${PROJECT_BINARY_DIR}/weftConfigVersion.cmake
    DESTINATION ${weft_config_dir})

# The prefix follows the file, so that an installation can be moved (and DESTDIR, and cmake --install --prefix, work).
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR weft_libdir_is_absolute)
if(weft_libdir_is_absolute)
    set(weft_pc_prefix ${CMAKE_INSTALL_PREFIX})
    set(weft_pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
    file(RELATIVE_PATH weft_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    set(weft_pc_prefix "\${pcfiledir}/${weft_pc_up}")
    set(weft_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
foreach(name weft weft-shim)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
