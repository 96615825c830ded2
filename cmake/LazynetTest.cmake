# Settings every MPI test needs: root in containers, more ranks than cores, yielding waits, loopback only.
set(LAZYNET_TEST_ENVIRONMENT
  OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_tcp_if_include=lo
  OMPI_MCA_oob_tcp_if_include=lo
  ASAN_OPTIONS=fast_unwind_on_malloc=0  # whole stacks, else the suppressions do not see MPI's unloaded modules
  LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp)

# lazynet_add_unit_test(<name> SOURCES <file>... LIBRARIES <target>...)
#   A serial GoogleTest binary; each TEST becomes one ctest entry, labelled "unit".
function(lazynet_add_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gtest_main lazynet_warnings)
  gtest_discover_tests(${name} PROPERTIES LABELS unit TIMEOUT 120 ENVIRONMENT "${LAZYNET_TEST_ENVIRONMENT}")
endfunction()

# lazynet_add_mpi_test(<name> SOURCES <file>... LIBRARIES <target>... RANKS <n>...)
#   One binary, one ctest entry per rank count, named <name>.np<n> and labelled "mpi;np<n>".
#   TIMEOUT is part of the contract: a rank that dies early must fail the test, not hang CI.
function(lazynet_add_mpi_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;RANKS" ${ARGN})
  if(NOT ARG_RANKS)
    message(FATAL_ERROR "lazynet_add_mpi_test(${name}): RANKS is required")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} lazynet_mpi_gtest_main lazynet_warnings)
  foreach(n IN LISTS ARG_RANKS)
    add_test(NAME ${name}.np${n}
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n} ${MPIEXEC_PREFLAGS}
                     $<TARGET_FILE:${name}> ${MPIEXEC_POSTFLAGS})
    set_tests_properties(${name}.np${n} PROPERTIES LABELS "mpi;np${n}" TIMEOUT 120 PROCESSORS ${n}
                         ENVIRONMENT "${LAZYNET_TEST_ENVIRONMENT}")
  endforeach()
endfunction()

# lazynet_add_script_test(<name> SCRIPT <file> [ARGUMENTS ...] [TIMEOUT s] [PROCESSORS n] [LABELS ...])
#   A shell or Python test of the whole program. It finds the program in $LAZYNET, mpiexec in $MPIEXEC, and exits 77
#   (reported as skipped) when something it needs is absent, saying what.
function(lazynet_add_script_test name)
  cmake_parse_arguments(ARG "" "SCRIPT;TIMEOUT;PROCESSORS" "ARGUMENTS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_PROCESSORS)
    set(ARG_PROCESSORS 1)
  endif()
  add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT} ${ARG_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES LABELS "cli;${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
    PROCESSORS ${ARG_PROCESSORS}
    ENVIRONMENT "${LAZYNET_TEST_ENVIRONMENT};LAZYNET=$<TARGET_FILE:lazynet>;MPIEXEC=${MPIEXEC_EXECUTABLE}")
endfunction()
