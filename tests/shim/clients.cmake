# Client libraries that block, unchanged, in fibers of one hub. Each program is built twice: with weft alone, which is run as it is
# and under weft-run, and linked with the shim.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
foreach(library libcurl hiredis libpq)
    pkg_check_modules(${library} REQUIRED IMPORTED_TARGET ${library})
endforeach()

# weft_add_shim_client(NAME LINK...): the program NAME_client, as NAME_client and as NAME_client_linked.
function(weft_add_shim_client name)
    set(source ${CMAKE_CURRENT_LIST_DIR}/clients/${name}_client.cpp)
    add_executable(${name}_client ${source})
    target_link_libraries(${name}_client PRIVATE weft::weft ${ARGN} weft_warnings)
    add_executable(${name}_client_linked ${source})
    target_link_libraries(${name}_client_linked PRIVATE weft::shim weft::weft ${ARGN} weft_warnings)
endfunction()

# weft_test_shim_client(TEST PROGRAM WAY...): runs clients_test.py TEST, in those of the ways that this build has.
function(weft_test_shim_client test program)
    set(commands_native native $<TARGET_FILE:${program}_client>)
    set(commands_linked shim $<TARGET_FILE:${program}_client_linked>)
    set(commands_preloaded shim $<TARGET_FILE:weft-run> -- $<TARGET_FILE:${program}_client>)
    foreach(way IN LISTS ARGN)
        # A sanitizer's library has to be the first of all, which a preloaded one is.
        if(way STREQUAL preloaded AND WEFT_SANITIZE)
            continue()
        endif()
        add_test(NAME shim.clients.${test}.${way}
            COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/clients/clients_test.py ${test} ${commands_${way}})
        set_tests_properties(shim.clients.${test}.${way} PROPERTIES LABELS shim TIMEOUT 60 SKIP_RETURN_CODE 77)
    endforeach()
endfunction()

weft_add_shim_client(curl PkgConfig::libcurl)
weft_add_shim_client(redis PkgConfig::hiredis)
weft_add_shim_client(postgres PkgConfig::libpq)
weft_add_shim_client(tls OpenSSL::SSL OpenSSL::Crypto)
weft_add_shim_client(resolver resolv)
weft_add_shim_client(lookup resolv)
weft_add_shim_client(cancelled PkgConfig::libcurl PkgConfig::hiredis PkgConfig::libpq OpenSSL::SSL OpenSSL::Crypto)

weft_test_shim_client(curl curl native linked preloaded)
weft_test_shim_client(curl_tls curl native linked preloaded)
weft_test_shim_client(redis redis native linked preloaded)
weft_test_shim_client(postgres postgres native linked preloaded)
weft_test_shim_client(tls tls native linked preloaded)
weft_test_shim_client(resolver resolver native linked preloaded)
weft_test_shim_client(lookup lookup native linked preloaded)
weft_test_shim_client(tls_errors tls linked preloaded)
# Without the shim nothing ends such waits.
weft_test_shim_client(cancelled cancelled linked preloaded)

# With benchmarks built, theirs too.
if(TARGET weft-shim-delayed)
    foreach(library hiredis curl)
        add_test(NAME shim.clients.thousand.${library}
            COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/clients/delayed_test.py
                ${PROJECT_SOURCE_DIR}/bench/shim/delayed/delayed.py ${PROJECT_BINARY_DIR} ${library})
        set_tests_properties(shim.clients.thousand.${library} PROPERTIES LABELS shim TIMEOUT 60)
    endforeach()
endif()
