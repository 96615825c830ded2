# One interface target carries every flag, so no file sets CMAKE_CXX_FLAGS.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
option(LAZYNET_NATIVE "Compile for this machine (-march=native)" ON)
option(LAZYNET_WERROR "Turn warnings into errors" OFF)
set(LAZYNET_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined")

# Every target gets these: instruction set and sanitizers change Eigen's memory layout, so they may not differ.
add_library(lazynet_flags INTERFACE)
target_compile_features(lazynet_flags INTERFACE cxx_std_20)
target_compile_options(lazynet_flags INTERFACE
  -fno-math-errno -fno-trapping-math  # lets sqrt and comparisons vectorise; no effect on results
  $<$<BOOL:${LAZYNET_NATIVE}>:-march=native>)
# GCC 12 and older tune -march=native for the newest processor they know; Eigen's AVX-512 products are then a fifth slower
# than with the tuning of an AVX-512 machine (measured: 84 against 103 GFLOP/s).
if(LAZYNET_NATIVE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -march=native -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros ERROR_QUIET)
  if(macros MATCHES "__AVX512F__")
    target_compile_options(lazynet_flags INTERFACE -mtune=skylake-avx512)
  endif()
endif()
# Eigen's fast square root rounds otherwise in vectors than in their scalar tails, so results would depend on where a
# rank's part of a matrix begins.
target_compile_definitions(lazynet_flags INTERFACE EIGEN_FAST_MATH=0)
if(LAZYNET_SANITIZE)  # not a generator expression: the list of sanitizers has commas
  target_compile_options(lazynet_flags INTERFACE
    -fsanitize=${LAZYNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(lazynet_flags INTERFACE -fsanitize=${LAZYNET_SANITIZE})
endif()

# Our own sources only.
add_library(lazynet_warnings INTERFACE)
target_compile_options(lazynet_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  # GCC 12 and older take the deliberate self-initialisation in their own AVX-512 header for a mistake (GCC bug 105593),
  # and see overlaps in concatenated strings (105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-uninitialized;-Wno-maybe-uninitialized;-Wno-restrict>
  $<$<BOOL:${LAZYNET_WERROR}>:-Werror>)
