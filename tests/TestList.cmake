# What is tested: one line a file.

# units: solver, io, app
foreach(file boundary case case_file diagnostics energy error expression grid halo linear operator
    paint probes source stepper sum results table)
  heat2d_add_unit(${file})
endforeach()
foreach(file slab field_file checkpoint) # what depends on the layout of blocks
  heat2d_add_unit(${file} RANKS 1 2 3 4 7)
endforeach()
heat2d_add_unit(options RANKS 1) # no communication
heat2d_add_unit(stop RANKS 1 2)

# the program as a whole
heat2d_add_system(verification PROCESSORS 2 LABELS verification)
heat2d_add_system(parallel PROCESSORS 2 LABELS parallel)
heat2d_add_system(regression PROCESSORS 2 LABELS regression)
heat2d_add_system(restart PROCESSORS 2 LABELS restart)
heat2d_add_system(input PROCESSORS 2 LABELS input)
heat2d_add_system(documents PROCESSORS 2 LABELS documents)
heat2d_add_system(layering PROCESSORS 1 LABELS layering)
heat2d_add_system(readers PROCESSORS 2 LABELS readers)
heat2d_add_system(install PROCESSORS 2 LABELS install)
heat2d_add_system(bootstrap PROCESSORS 1 LABELS documents)

# the Python package
add_test(NAME postprocess COMMAND ${HEAT2D_PYTHON} -m pytest -q -p no:cacheprovider
  --basetemp=${CMAKE_CURRENT_BINARY_DIR}/work/postprocess postprocess WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(postprocess PROPERTIES TIMEOUT 300 LABELS postprocess ENVIRONMENT "${heat2d_test_env}")
