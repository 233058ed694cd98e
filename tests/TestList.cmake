# The list of tests, with one line for each file.

# unit tests of solver, io and app
foreach(file
    ambient_exchange boundary case case_file case_physics conductivity contacts diagnostics energy error exact_sum
    expression grid halo linear mean nonlinear operator paint probes results series source stage stepper table)
  heat2d_add_unit(${file})
endforeach()
foreach(file schemes schemes_account schemes_steps)
  heat2d_add_unit(${file} RANKS 1 2 3)
endforeach()
heat2d_add_unit(reproducible_vec RANKS 1 2 3 4)
heat2d_add_unit(operator_steps RANKS 1 2 4 7)
foreach(file slab field_file checkpoint cell_inputs interfaces level_transfer multigrid heatcg) # depend on the layout of blocks
  heat2d_add_unit(${file} RANKS 1 2 3 4 7)
endforeach()
foreach(file clock digital_line events expression_tree level_kernels memory_have options petsc_rules printable radiation seal switches time_line time_series) # do not communicate
  heat2d_add_unit(${file} RANKS 1)
endforeach()
heat2d_add_unit(communication RANKS 1 2 4)
heat2d_add_unit(stop RANKS 1 2)

# tests of the whole program
heat2d_add_system(verification PROCESSORS 2 LABELS verification)
heat2d_add_system(verify PROCESSORS 2 LABELS verification)
heat2d_add_system(steep PROCESSORS 2 LABELS verification)
heat2d_add_system(orders PROCESSORS 2 LABELS verification)
heat2d_add_system(events PROCESSORS 2 LABELS verification)
heat2d_add_system(ts PROCESSORS 2 LABELS verification)
heat2d_add_system(overshoot PROCESSORS 2 LABELS verification)
heat2d_add_system(parallel PROCESSORS 2 LABELS parallel)
heat2d_add_system(contacts PROCESSORS 2 LABELS verification)
heat2d_add_system(multigrid PROCESSORS 2 LABELS parallel)
heat2d_add_system(multigrid_many PROCESSORS 2 LABELS parallel slow TIMEOUT 3600)
heat2d_add_system(messages PROCESSORS 2 LABELS parallel)
heat2d_add_system(messages_many PROCESSORS 2 LABELS parallel slow TIMEOUT 3600)
heat2d_add_system(regression PROCESSORS 2 LABELS regression)
heat2d_add_system(tealeaf PROCESSORS 2 LABELS regression TIMEOUT 1200)
heat2d_add_system(tealeaf_large PROCESSORS 2 LABELS regression slow TIMEOUT 14400)
heat2d_add_system(images PROCESSORS 2 LABELS input)
heat2d_add_system(gallery PROCESSORS 2 LABELS regression)
heat2d_add_system(output PROCESSORS 2 LABELS output)
heat2d_add_system(nonlinear PROCESSORS 2 LABELS verification)
heat2d_add_system(restart PROCESSORS 2 LABELS restart)
heat2d_add_system(rollback PROCESSORS 2 LABELS restart)
heat2d_add_system(limits PROCESSORS 2 LABELS restart)
heat2d_add_system(signals PROCESSORS 2 LABELS restart)
heat2d_add_system(long_step PROCESSORS 2 LABELS restart TIMEOUT 1200)
heat2d_add_system(durability PROCESSORS 2 LABELS restart)
heat2d_add_system(inspect PROCESSORS 2 LABELS restart)
heat2d_add_system(integrity PROCESSORS 2 LABELS faults)
heat2d_add_system(async PROCESSORS 2 LABELS faults)
heat2d_add_system(faults PROCESSORS 2 LABELS faults TIMEOUT 1200)
heat2d_add_system(network PROCESSORS 2 LABELS faults)
heat2d_add_system(nodes PROCESSORS 2 LABELS cluster)
heat2d_add_system(cluster PROCESSORS 2 LABELS cluster TIMEOUT 1800)
heat2d_add_system(cluster_many PROCESSORS 2 LABELS cluster slow TIMEOUT 7200)
heat2d_add_system(security PROCESSORS 2 LABELS faults TIMEOUT 900)
heat2d_add_system(soak_short PROCESSORS 2 LABELS faults)
heat2d_add_system(soak PROCESSORS 2 LABELS faults slow TIMEOUT 1800)
heat2d_add_system(input PROCESSORS 2 LABELS input)
heat2d_add_system(slurm PROCESSORS 2 LABELS slurm TIMEOUT 900)
heat2d_add_system(binding PROCESSORS 2 LABELS parallel)
heat2d_add_system(rerun PROCESSORS 2 LABELS input)
heat2d_add_system(untrusted PROCESSORS 2 LABELS input)
heat2d_add_system(regions PROCESSORS 3 LABELS input)
heat2d_add_system(memory PROCESSORS 4 LABELS input)
heat2d_add_system(documents PROCESSORS 2 LABELS documents)
heat2d_add_system(layering PROCESSORS 1 LABELS layering)
heat2d_add_system(style PROCESSORS 1 LABELS layering)
heat2d_add_system(readers PROCESSORS 2 LABELS readers)
heat2d_add_system(install PROCESSORS 2 LABELS install)
heat2d_add_system(bench PROCESSORS 2 LABELS bench TIMEOUT 900)
heat2d_add_system(benchmark PROCESSORS 2 LABELS benchmark)
heat2d_add_system(bootstrap PROCESSORS 1 LABELS documents)

# the verification suite on sources with a fault each: about four minutes on two idle cores
list(JOIN heat2d_mpiexec " " mpiexec)
add_test(NAME mutations COMMAND ${HEAT2D_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/mutations/run.py
  --build ${CMAKE_BINARY_DIR} --cmake ${CMAKE_COMMAND} "--mpiexec=${mpiexec}")
set_tests_properties(mutations PROPERTIES PROCESSORS 2 TIMEOUT 1800 LABELS "verification;slow"
  ENVIRONMENT "${heat2d_test_env};HEAT2D_YIELD=$<TARGET_FILE:heat2d_yield>")
add_test(NAME cheats COMMAND ${HEAT2D_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/mutations/cheats.py
  --build ${CMAKE_BINARY_DIR} --cmake ${CMAKE_COMMAND} "--mpiexec=${mpiexec}")
set_tests_properties(cheats PROPERTIES PROCESSORS 2 TIMEOUT 1800 LABELS "bench;slow"
  ENVIRONMENT "${heat2d_test_env};HEAT2D_YIELD=$<TARGET_FILE:heat2d_yield>")

# tests of the Python package
add_test(NAME postprocess COMMAND ${HEAT2D_PYTHON} -m pytest -q -p no:cacheprovider
  --basetemp=${CMAKE_CURRENT_BINARY_DIR}/work/postprocess postprocess WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(postprocess PROPERTIES TIMEOUT 300 LABELS postprocess ENVIRONMENT "${heat2d_test_env}")
