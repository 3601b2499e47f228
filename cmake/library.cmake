# From the layer table to the targets: weft_<layer> (objects), weft (libweft.so), weft_internal (the same objects, for tests).
set(weft_in_library)
foreach(layer IN LISTS WEFT_LAYERS)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/*.cpp ${PROJECT_SOURCE_DIR}/src/${layer}/*.S)
    if(NOT sources)
        continue()
    endif()
    if(layer IN_LIST WEFT_OWN_LIBRARY)
        add_library(weft_${layer} SHARED ${sources})
    else()
        add_library(weft_${layer} OBJECT ${sources})
        list(APPEND weft_in_library ${layer})
    endif()
    target_include_directories(weft_${layer} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    # initial-exec: "the current hub" is one load from the thread pointer instead of a call. It takes from the static TLS
    # surplus, which holds a handful of pointers even when libweft.so is loaded by dlopen.
    target_compile_options(weft_${layer} PRIVATE -ftls-model=initial-exec -fno-plt -fno-semantic-interposition)
    target_compile_definitions(weft_${layer} PRIVATE WEFT_VERSION_STRING="${PROJECT_VERSION}")
    set_target_properties(weft_${layer} PROPERTIES
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON)
    target_link_libraries(weft_${layer} PRIVATE weft_warnings Threads::Threads)
endforeach()

# Only headers: libweft.so needs nothing of it when it runs.
find_package(nlohmann_json REQUIRED)
target_link_libraries(weft_diag PRIVATE nlohmann_json::nlohmann_json)

set(weft_objects)
foreach(layer IN LISTS weft_in_library)
    list(APPEND weft_objects $<TARGET_OBJECTS:weft_${layer}>)
endforeach()

add_library(weft SHARED ${weft_objects})
add_library(weft::weft ALIAS weft)
set_target_properties(weft PROPERTIES
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(weft INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(weft INTERFACE cxx_std_20)
target_link_libraries(weft PRIVATE weft_libev weft_boost_context Threads::Threads)
target_link_options(weft PRIVATE -Wl,--version-script,${PROJECT_SOURCE_DIR}/cmake/weft.map)
set_property(TARGET weft APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/weft.map)
# A missing definition fails here and not in a user's link; clang leaves its sanitizer run-time to the executable.
if(NOT (WEFT_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES Clang))
    target_link_options(weft PRIVATE -Wl,-z,defs)
endif()

# weft::testing and weft::diag are in libweft.so: they implement ports of core against internal types, whose thread-local
# accessor is hidden and stays so. The targets exist so that a user's build says what it uses.
foreach(part testing diag)
    add_library(weft_${part}_api INTERFACE)
    set_target_properties(weft_${part}_api PROPERTIES EXPORT_NAME ${part})
    target_link_libraries(weft_${part}_api INTERFACE weft)
    add_library(weft::${part} ALIAS weft_${part}_api)
endforeach()

# For tests that look inside. Objects and not an archive: nothing may be left out just because nobody refers to it (the poller
# factory of loop is set by constant initialisation). Never linked together with libweft.so.
add_library(weft_internal INTERFACE)
target_sources(weft_internal INTERFACE ${weft_objects})
target_include_directories(weft_internal INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(weft_internal INTERFACE weft_libev weft_boost_context Threads::Threads)

# libweft-shim.so: a program that neither links nor preloads it keeps libc's functions as they are. What it exports are libc's names.
set_target_properties(weft_shim PROPERTIES
    OUTPUT_NAME weft-shim
    EXPORT_NAME shim
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(weft_shim PUBLIC weft PRIVATE ${CMAKE_DL_LIBS})
# It has to stay even where the program itself calls nothing that it wraps: the libraries behind the program do.
target_link_options(weft_shim INTERFACE LINKER:--no-as-needed)
add_library(weft::shim ALIAS weft_shim)
