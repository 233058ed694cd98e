/** The options of PETSc that a case may give (solver/case/petsc_rules.h).
 *
 *  The names below are those with which PETSc 3.18 starts programs, loads libraries, opens files or
 *  windows, reads further options, or takes from heat2d what belongs to it. */
#include "solver/case/petsc_rules.h"

#include <string.h>

#include "case_test.h"

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static const char *const prefixes[] = {"",
                                       "sub_",
                                       "mg_levels_",
                                       "mg_levels_12_",
                                       "up_",
                                       "mg_coarse_sub_",
                                       "fieldsplit_0_",
                                       "ksp_",
                                       "npc_",
                                       "heat_rescue_",
                                       "evil_",
                                       "snes_",
                                       "esteig_",
                                       "redundant_",
                                       "mg_coarse_mg_levels_1_"};

static const char *const forbidden[] = {"python",
                                        "ksp_monitor_python",
                                        "snes_monitor_python",
                                        "pc_python_type",
                                        "mat_python_type",
                                        "ts_python_type",
                                        "ksp_python_type",
                                        "snes_python_type",
                                        "dll_append",
                                        "dll_prepend",
                                        "options_file",
                                        "options_file_yaml",
                                        "options_string",
                                        "options_string_yaml",
                                        "options_monitor",
                                        "options_view",
                                        "options_left",
                                        "options_table",
                                        "options_monitor_cancel",
                                        "prefix_push",
                                        "prefix_pop",
                                        "citations",
                                        "info",
                                        "info_exclude",
                                        "log",
                                        "log_all",
                                        "log_view",
                                        "log_trace",
                                        "log_mpe",
                                        "log_summary",
                                        "log_sync",
                                        "log_exclude_actions",
                                        "malloc",
                                        "malloc_dump",
                                        "malloc_view",
                                        "malloc_test",
                                        "malloc_debug",
                                        "malloc_hbw",
                                        "memory_view",
                                        "mpidump",
                                        "objects_dump",
                                        "history",
                                        "tmp",
                                        "shared_tmp",
                                        "not_shared_tmp",
                                        "stop_for_debugger",
                                        "start_in_debugger",
                                        "on_error_attach_debugger",
                                        "on_error_mpiabort",
                                        "on_error_abort",
                                        "on_error_emacs",
                                        "debug_terminal",
                                        "debugger_nodes",
                                        "debugger_ranks",
                                        "debugger_pause",
                                        "debug_command",
                                        "fp_trap",
                                        "skip_petscrc",
                                        "saws_root",
                                        "saws_port",
                                        "saws_options",
                                        "saws_local",
                                        "saws_log",
                                        "draw_save",
                                        "draw_save_movie",
                                        "draw_type",
                                        "display",
                                        "x_virtual",
                                        "geometry",
                                        "get_total_flops",
                                        "use_gpu_aware_mpi",
                                        "help",
                                        "h",
                                        "version",
                                        "v",
                                        "vec_view",
                                        "vec_type",
                                        "mat_view",
                                        "mat_type",
                                        "dm_view",
                                        "dm_type",
                                        "dm_vec_type",
                                        "dm_mat_type",
                                        "viewer_binary_filename",
                                        "viewer_binary_mpiio",
                                        "viewer_socket_machine",
                                        "viewfromoptions",
                                        "ksp_view_mat",
                                        "ksp_view_pmat",
                                        "ksp_view_rhs",
                                        "ksp_view_solution",
                                        "ksp_view_pre",
                                        "ksp_view_preconditioned_operator_explicit",
                                        "ksp_view_mat_explicit",
                                        "ksp_view_diagonal_scale",
                                        "ksp_plot_eigenvalues",
                                        "ksp_plot_eigenvalues_explicitly",
                                        "ksp_plot_eigencontours",
                                        "ksp_monitor_solution",
                                        "ksp_monitor_saws",
                                        "ksp_monitor_error",
                                        "ksp_monitor_cancel",
                                        "ksp_monitor_pause_final",
                                        "ksp_matload_block_size",
                                        "ksp_error_if_not_converged",
                                        "snes_error_if_not_converged",
                                        "ts_error_if_step_fails",
                                        "snes_view_solution",
                                        "snes_monitor_solution",
                                        "snes_monitor_field",
                                        "snes_monitor_residual",
                                        "snes_test_jacobian_view",
                                        "snes_compare_explicit",
                                        "snes_mf_noise_file",
                                        "snes_mf_operator",
                                        "ts_view_solution",
                                        "ts_monitor_solution",
                                        "ts_monitor_solution_vtk",
                                        "ts_monitor_draw_solution",
                                        "ts_monitor_lg_solution",
                                        "ts_trajectory_type",
                                        "ts_trajectory_dirname",
                                        "ts_save_trajectory",
                                        "ts_trajectory_monitor",
                                        "ts_type",
                                        "ts_dt",
                                        "ts_max_time",
                                        "ts_max_steps",
                                        "ts_exact_final_time",
                                        "ts_init_time",
                                        "pc_asm_print_subdomains",
                                        "pc_mg_log",
                                        "pc_hypre_boomeramg_print_statistics",
                                        "pc_hypre_boomeramg_print_debug",
                                        "mat_mumps_icntl_1",
                                        "mat_mumps_ooc_tmpdir",
                                        "mat_superlu_dist_printstat",
                                        "da_grid_x",
                                        "options",
                                        "ksp",
                                        "ksp_",
                                        "matptap_via",
                                        "threadcomm_type",
                                        "device_enable",
                                        "log_nvtx"};

static const char *const printing[] = {"ksp_view",
                                       "ksp_monitor",
                                       "ksp_monitor_short",
                                       "ksp_monitor_true_residual",
                                       "ksp_monitor_singular_value",
                                       "ksp_converged_reason",
                                       "ksp_converged_rate",
                                       "ksp_view_singularvalues",
                                       "ksp_view_eigenvalues",
                                       "ksp_view_final_residual",
                                       "snes_monitor",
                                       "snes_monitor_short",
                                       "snes_linesearch_monitor",
                                       "snes_converged_reason",
                                       "snes_view",
                                       "ts_monitor",
                                       "ts_adapt_monitor",
                                       "ts_view"};

static const char *const viewers[] = {":f",       "ascii:f",     "ascii:f:ascii_info:append",
                                      "binary:f", "hdf5:f",      "vtk:f",
                                      "matlab:f", "draw",        "draw:host",
                                      "socket",   "saws",        "stdout",
                                      ":",        " ",           "true",
                                      "1",        "-dll_append", "ascii",
                                      "\n"};

/* Values that no option takes. */
static const char *const strange[] = {"-dll_append",
                                      "-python",
                                      "1e-3 -python x",
                                      "1e-3\n-python x",
                                      "cg\n-python x",
                                      "cg -python x",
                                      "cg richardson",
                                      "./libevil.so:KSPCreate",
                                      "libevil.so",
                                      "python",
                                      "shell",
                                      ":f",
                                      "@f",
                                      "nan",
                                      "inf",
                                      "-inf",
                                      "NAN",
                                      "0x1p-3",
                                      "1e-400",
                                      "1e400",
                                      "99999999999999999999999999999999999",
                                      "1,",
                                      ",1",
                                      "1 ",
                                      " 1",
                                      "1e",
                                      "PETSC_DEFAULT",
                                      "$HOME",
                                      "`id`",
                                      "c\x1b[31mg",
                                      "c\xc2\x9bg",
                                      "c\x9bg",
                                      "\xef\xbc\x91",
                                      "maybe",
                                      "composite",
                                      "a=b"};

static void Refuse(const char *name, const char *value)
{
  char            reason[HEAT_REASON_BYTES];
  const PetscBool allowed = HeatPetscOptionCheck(name, value, reason, sizeof reason);

  if (allowed) fail_msg("-%s with \"%s\" is accepted", name, value);
  assert_int_not_equal(reason[0], '\0');
}

static void Accept(const char *name, const char *value)
{
  char            reason[HEAT_REASON_BYTES];
  const PetscBool allowed = HeatPetscOptionCheck(name, value, reason, sizeof reason);

  if (!allowed) fail_msg("-%s with \"%s\" is refused: %s", name, value, reason);
  assert_string_equal(reason, "");
}

/* Refuse a name with many prefixes and values, also where the value would fit another option. */
static void RefuseAlways(const char *name)
{
  static const char *const values[] = {"", "1", "true", ":f", "cg", "none"};

  for (size_t p = 0; p < LENGTH(prefixes); p++) {
    for (size_t v = 0; v < LENGTH(values); v++) {
      char full[300];

      (void)snprintf(full, sizeof full, "%s%s", prefixes[p], name);
      Refuse(full, values[v]);
    }
  }
}

static void options_that_open_start_or_load_are_refused_with_every_prefix(void **state)
{
  (void)state;
  for (size_t k = 0; k < LENGTH(forbidden); k++) RefuseAlways(forbidden[k]);
}

static void options_that_print_take_no_value(void **state)
{
  (void)state;
  for (size_t k = 0; k < LENGTH(printing); k++) {
    char prefixed[100];

    Accept(printing[k], "");
    (void)snprintf(prefixed, sizeof prefixed, "mg_levels_1_%s", printing[k]);
    for (size_t v = 0; v < LENGTH(viewers); v++) {
      Refuse(printing[k], viewers[v]);
      Refuse(prefixed, viewers[v]);
    }
  }
}

/* One option of each kind: number, whole number, numbers, truth value, name of a list. */
static void values_of_another_form_are_refused(void **state)
{
  static const char *const names[] = {"ksp_rtol",
                                      "ksp_max_it",
                                      "ksp_gmres_restart",
                                      "pc_gamg_threshold",
                                      "ksp_lag_norm",
                                      "ksp_type",
                                      "pc_type",
                                      "snes_type",
                                      "ts_adapt_type",
                                      "sub_pc_type",
                                      "mg_levels_ksp_type",
                                      "snes_linesearch_type",
                                      "ksp_guess_type",
                                      "ts_bdf_order",
                                      "pc_factor_mat_solver_type",
                                      "pc_factor_mat_ordering_type",
                                      "pc_hypre_type",
                                      "pc_gamg_type",
                                      "ksp_norm_type",
                                      "ksp_convergence_test",
                                      "ts_rk_type",
                                      "ts_rosw_type",
                                      "ts_arkimex_type",
                                      "pc_mg_galerkin"};

  (void)state;
  for (size_t k = 0; k < LENGTH(names); k++)
    for (size_t v = 0; v < LENGTH(strange); v++) Refuse(names[k], strange[v]);
}

static void numbers_outside_the_range_of_an_option_are_refused(void **state)
{
  (void)state;
  Refuse("ksp_rtol", "-1");
  Refuse("ksp_rtol", "2");
  Refuse("ksp_max_it", "1e3");
  Refuse("ksp_max_it", "1.5");
  Refuse("ksp_max_it", "-1");
  Refuse("ksp_gmres_restart", "1000000000");
  Refuse("pc_factor_levels", "1000000");
  Refuse("pc_sor_omega", "2");
  Refuse("pc_gamg_threshold", "0.1,2");
  Refuse("pc_asm_blocks", "100000");
  Refuse("pc_bjacobi_local_blocks", "100000");
  Refuse("ts_theta_theta", "0.4");
  Refuse("ksp_rtol", "");
  Refuse("ksp_type", "");
}

static void options_that_crash_or_accept_any_error_are_refused(void **state)
{
  (void)state;
  Refuse("pc_telescope_subcomm_type", "general");
  Refuse("ts_adapt_type", "none");
  Refuse("ts_adapt_always_accept", "");
  Refuse("ts_adapt_dt_min", "0.9");
}

static void names_in_another_spelling_are_refused(void **state)
{
  static const char *const names[] = {"",
                                      "-",
                                      "-ksp_rtol",
                                      "--ksp_rtol",
                                      "KSP_RTOL",
                                      "Ksp_Rtol",
                                      "ksp-rtol",
                                      "ksp_rto",
                                      "ksp_rtol_",
                                      "_ksp_rtol",
                                      "ksp__rtol",
                                      " ksp_rtol",
                                      "ksp_rtol ",
                                      "ksp_rtol\n",
                                      "ksp_rtol 1 -python",
                                      "ksp_rtol\t",
                                      "ksp\x1b_rtol",
                                      "ksp_rtol=1",
                                      "mg_levels__ksp_rtol",
                                      "mg_levels_-1_ksp_rtol",
                                      "mg_levels_1",
                                      "sub_",
                                      "sub_sub_",
                                      "fieldsplit_ksp_rtol",
                                      "ksp_\xef\xbd\x92tol",
                                      "python_ksp_rtol_python",
                                      "ksp_rtol,dll_append",
                                      "mg_levels_0x1_ksp_rtol"};
  char                    *name;
  const size_t             length = 100000;

  (void)state;
  for (size_t k = 0; k < LENGTH(names); k++) Refuse(names[k], "0.1");
  assert_int_equal(PetscMalloc1(length + 1, &name), 0);
  memset(name, '1', length); /* a long name, and one of many prefixes, whose search must end */
  name[length] = '\0';
  Refuse(name, "0.1");
  Refuse("ksp_rtol", name);
  for (size_t k = 0; k + 4 <= length; k += 4) memcpy(name + k, "sub_", 4);
  Refuse(name, "0.1");
  name[120] = '\0';
  Refuse(name, "0.1");
  assert_int_equal(PetscFree(name), 0);
}

static void solvers_and_tolerances_are_accepted(void **state)
{
  (void)state;
  Accept("ksp_type", "cg");
  Accept("ksp_type", "CG");
  Accept("ksp_rtol", "1e-9");
  Accept("ksp_rtol", "0");
  Accept("ksp_max_it", "500");
  Accept("ksp_lag_norm", "");
  Accept("ksp_lag_norm", "No");
  Accept("sub_pc_type", "ilu");
  Accept("mg_levels_2_sub_pc_factor_levels", "2");
  Accept("mg_coarse_redundant_pc_type", "lu");
  Accept("pc_gamg_threshold", "0.02,0.01");
  Accept("ksp_chebyshev_esteig", "0,0.1,0,1.1");
  Accept("pc_hypre_boomeramg_relax_type_all", "symmetric-SOR/Jacobi");
  Accept("ts_rosw_type", "ra34pw2");
}

static void types_that_call_programs_are_in_no_list(void **state)
{
  static const char *const never[] = {"python", "shell", "composite", "mpi", "redistribute", ""};

  (void)state;
  for (size_t k = 0; k < LENGTH(never); k++) {
    assert_false(HeatPetscListHas(HeatPetscPreconditioners(), never[k]));
    assert_false(HeatPetscListHas(HeatPetscIntegrators(), never[k]));
  }
  assert_true(HeatPetscListHas(HeatPetscPreconditioners(), "jacobi"));
  assert_false(HeatPetscListHas("jacobi ilu", "jac"));
  assert_false(HeatPetscListHas("jacobi ilu", "jacobi ilu"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_that_open_start_or_load_are_refused_with_every_prefix),
      cmocka_unit_test(options_that_print_take_no_value),
      cmocka_unit_test(values_of_another_form_are_refused),
      cmocka_unit_test(numbers_outside_the_range_of_an_option_are_refused),
      cmocka_unit_test(options_that_crash_or_accept_any_error_are_refused),
      cmocka_unit_test(names_in_another_spelling_are_refused),
      cmocka_unit_test(solvers_and_tolerances_are_accepted),
      cmocka_unit_test(types_that_call_programs_are_in_no_list),
  };

  return RUN_TESTS(tests);
}
