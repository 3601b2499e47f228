# Programs under weft-run. Not with a sanitizer, whose library has to be the first of all, which a preloaded one is.
if(NOT WEFT_SANITIZE)
    # The same tests as in shim_linked, in a program that does not link the shim.
    add_executable(shim_preloaded linked/overlap_test.cpp linked/threads_test.cpp linked/process_test.cpp linked/versions_test.cpp)
    target_compile_options(shim_preloaded PRIVATE -ftls-model=initial-exec)
    target_link_libraries(shim_preloaded PRIVATE weft::weft weft::testing weft_warnings GTest::gmock GTest::gtest_main)
    foreach(part programs allocators launcher)
        add_test(NAME shim.preload.${part}
            COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/preload/${part}_test.py
                $<TARGET_FILE:weft-run> $<TARGET_FILE:weft_shim> $<TARGET_FILE:shim_preloaded>)
        set_tests_properties(shim.preload.${part} PROPERTIES LABELS shim TIMEOUT 120)
    endforeach()

    # A program that knows nothing of weft, and a plugin that brings it along.
    add_executable(plugin_host preload/plugin_host.c)
    target_link_libraries(plugin_host PRIVATE ${CMAKE_DL_LIBS} weft_warnings)
    add_library(shim_plugin MODULE preload/plugin.cpp)
    target_link_libraries(shim_plugin PRIVATE weft::weft weft_warnings)
    add_test(NAME shim.preload.plugin
        COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/preload/plugin_test.py
            $<TARGET_FILE:weft-run> $<TARGET_FILE:weft_shim> $<TARGET_FILE:shim_preloaded>
            $<TARGET_FILE:plugin_host> $<TARGET_FILE:shim_plugin>)
    set_tests_properties(shim.preload.plugin PROPERTIES LABELS shim TIMEOUT 120)
endif()
