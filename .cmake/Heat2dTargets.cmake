# The settings that all targets of heat2d share, as an interface library and a function; no settings are global.

add_library(heat2d_settings INTERFACE)
# -ffp-contract=off: with fused multiply-adds the bits of a cell would depend on whether a kernel for the interior or for the edge
# of a block computes it, and so on the layout of blocks.
target_compile_options(heat2d_settings INTERFACE
  -Wall -Wextra -Wno-maybe-uninitialized -Wno-format-truncation -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -fno-math-errno -fno-trapping-math -ffp-contract=off -fopenmp-simd
  $<$<BOOL:${HEAT2D_NATIVE}>:-march=native>
  $<$<BOOL:${HEAT2D_WERROR}>:-Werror>)
if(HEAT2D_SANITIZE)
  target_compile_options(heat2d_settings INTERFACE
    -fsanitize=${HEAT2D_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(heat2d_settings INTERFACE -fsanitize=${HEAT2D_SANITIZE})
endif()
if(HEAT2D_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "HEAT2D_FUZZ needs clang's libFuzzer: configure with -DCMAKE_C_COMPILER=clang")
  endif()
  target_compile_options(heat2d_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# heat2d_library(NAME SOURCES ... LINK ...)
# Add the library of a room (solver, io or app).  Headers are included by their path from the top level.
function(heat2d_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REPLACE "heat2d_" "heat2d::" alias ${name})
  add_library(${alias} ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/heat2d>)
  target_compile_features(${name} PUBLIC c_std_11)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:heat2d_settings>)
endfunction()
