# Run at build time: cmake -DSOURCE=... -DOUTPUT=... -P GitHash.cmake. Rewrites OUTPUT only when the hash changes.
cmake_policy(VERSION 3.22)
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty=+ --abbrev=12 --exclude=*
                OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR hash STREQUAL "")
  set(hash "unknown")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "#define LAZYNET_GIT_HASH \"@hash@\"\n" @ONLY)
