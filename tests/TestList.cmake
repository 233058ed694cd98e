# What is tested: one line a test file.

# units: solver and app
foreach(file boundary diagnostics energy error expression grid halo linear operator options paint phases
    probes source stepper sum stop case)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${file}.c")
    heat2d_add_unit(${file})
  endif()
endforeach()
