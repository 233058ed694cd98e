/** The table of PETSc's options that a case may give.
 *
 *  It was made from the source of PETSc 3.18.5: every option below ksp, pc, snes and ts that PETSc
 *  reads as a number, a truth value or a name of its own.  Left out are
 *  - everything that opens a file, a viewer or a window, starts a program or loads a library:
 *    viewers with a value, types and monitors named python, -pc_asm_print_subdomains,
 *    -snes_mf_noise_file, -ts_trajectory_..., and all options of PETSc as a whole (-log_...,
 *    -options_..., -malloc_..., -dll_..., -info, -on_error_..., ...);
 *  - types that need a callback of the program (shell, cfl), crash (redistribute, and
 *    -pc_telescope_subcomm_type general) or hang (mpi), and
 *    those that combine other types from a list of names (composite);
 *  - options that would take the step, the end or the scheme from heat2d: -ts_dt, -ts_max_time,
 *    -ts_type, -ts_exact_final_time, -ts_adapt_dt_min, -ts_adapt_dt_max, ...;
 *  - options with which controlled steps would be accepted whatever their error is
 *    (-ts_adapt_always_accept, -ts_adapt_type none), and -ts_theta_theta below 1/2, with which long
 *    steps are not stable;
 *  - -ksp_error_if_not_converged, -snes_error_if_not_converged, ...: heat2d reports failed solves
 *    itself. */
#include "solver/case/petsc_rules_impl.h"

/* Rows of the table, by the kind of the value. */
/* clang-format off */
#define PRINTS(n)       {.name = (n), .kind = HEAT_RULE_PRINT}
#define SWITCH(n)       {.name = (n), .kind = HEAT_RULE_TRUTH}
#define WHOLE(n, l, h)  {.name = (n), .kind = HEAT_RULE_COUNT, .low = (l), .high = (h)}
#define REAL(n, l, h)   {.name = (n), .kind = HEAT_RULE_NUMBER, .low = (l), .high = (h)}
#define REALS(n, l, h)  {.name = (n), .kind = HEAT_RULE_SEVERAL, .low = (l), .high = (h)}
#define NAMES(n, words) {.name = (n), .kind = HEAT_RULE_CHOICE, .list = (words)}
/* clang-format on */

static const char krylov_methods[] =
    "heatcg richardson chebyshev cg groppcg pipecg pipecgrr pipelcg pipeprcg pipecg2 cgne fcg "
    "pipefcg gmres pipefgmres fgmres lgmres dgmres pgmres tcqmr bcgs ibcgs qmrcgs fbcgs fbcgsr "
    "bcgsl pipebcgs cgs tfqmr cr pipecr lsqr preonly none bicg minres symmlq lcd gcr pipegcr tsirm "
    "cgls";

static const char preconditioners[] =
    "heatmg none jacobi pbjacobi vpbjacobi bjacobi sor eisenstat ilu icc lu cholesky qr svd asm "
    "gasm gamg mg hmg ksp redundant telescope deflation kaczmarz cp galerkin exotic bddc nn tfs "
    "lmvm mat fieldsplit lsc patch hypre ml spai parms pfmg smg syspfmg amgx";

/* Also left out: newtontrdc and ngs, which need what a matrix-free Jacobian lacks, and ksponly,
   which takes one step and reports convergence. */
static const char newton_methods[] = "newtonls newtontr nrichardson ngmres qn ncg anderson";

/* The results of each type were compared with exact solutions, also after restarts
   (tests/system/test_ts.py). */
static const char integrators[] = "euler rk ssp beuler cn theta alpha rosw arkimex eimex bdf";

/* The other types that PETSc 3.18 registers.  Each was tried. */
static const struct {
  const char *type, *reason;
} refused[] = {
    {"basicsymplectic", "is for equations of motion; take ts:rk"},
    {"pseudo", "is not accurate in time, it only seeks steady states; take steady"},
    {"glle", "cannot set up its first step from one field; take bdf2 or ts:bdf"},
    {"glee", "integrates a field and its error as one and would set the field to 0; take ts:rk"},
    {"mprk", "needs a division of the cells into slow and fast ones; take ts:rk"},
    {"irk", "needs a Jacobian that is stored entry by entry; take esdirk or ts:rosw"},
    {"mimex", "needs two parts of the equations; take ts:arkimex"},
    {"alpha2", "is for equations of second order in time; take ts:alpha"},
    {"discgrad", "is for equations of motion; take crank-nicolson"},
    {"sundials", "needs a package that PETSc is not built with here; take bdf2 or ts:bdf"},
    {"radau5", "needs a package that PETSc is not built with here; take esdirk or ts:rosw"},
};

static const char factorizations[] = "petsc superlu superlu_dist mumps umfpack cholmod klu "
                                     "strumpack mkl_pardiso mkl_cpardiso pastix "
                                     "bas lusol";

static const char orderings[] = "natural nd 1wd rcm qmd rowlength spectral amd wbm external";

/* Upper bounds of counts, so that a case cannot make PETSc take memory or time without limit, all
 * chosen: RESTART vectors of the size of the field that a method stores, SWEEPS of a smoother or
 * iterations within one application of a preconditioner, and DEPTH of levels, overlaps and fill.
 * The bound 1 - 1e-15 of relative tolerances keeps them below 1, as PETSc requires. */
enum { RESTART = 1000, SWEEPS = 10000, DEPTH = 100, BLOCKS = 10000 };

static const HeatPetscRule rules[] = {
    /* KSP */
    NAMES("ksp_type", krylov_methods),
    REAL("ksp_rtol", 0.0, 1.0 - 1e-15),
    REAL("ksp_atol", 0.0, HEAT_RULE_LARGE),
    REAL("ksp_divtol", 1.0, HEAT_RULE_LARGE),
    WHOLE("ksp_max_it", 0, 1e9),
    NAMES("ksp_norm_type", "none preconditioned unpreconditioned natural default"),
    NAMES("ksp_pc_side", "left right symmetric default"),
    WHOLE("ksp_check_norm_iteration", -1, 1e9),
    SWITCH("ksp_lag_norm"),
    SWITCH("ksp_knoll"),
    SWITCH("ksp_reuse_preconditioner"),
    SWITCH("ksp_diagonal_scale"),
    SWITCH("ksp_diagonal_scale_fix"),
    SWITCH("ksp_constant_null_space"),
    SWITCH("ksp_converged_use_initial_residual_norm"),
    SWITCH("ksp_converged_use_min_initial_residual_norm"),
    SWITCH("ksp_converged_maxits"),
    NAMES("ksp_convergence_test", "default skip"),
    NAMES("ksp_guess_type", "fischer pod"),
    NAMES("ksp_cg_type", "hermitian symmetric"),
    SWITCH("ksp_cg_single_reduction"),
    WHOLE("ksp_gmres_restart", 1, RESTART),
    REAL("ksp_gmres_haptol", 0.0, HEAT_RULE_LARGE),
    REAL("ksp_gmres_breakdown_tolerance", 0.0, HEAT_RULE_LARGE),
    SWITCH("ksp_gmres_preallocate"),
    SWITCH("ksp_gmres_classicalgramschmidt"),
    SWITCH("ksp_gmres_modifiedgramschmidt"),
    NAMES("ksp_gmres_cgs_refinement_type", "refine_never refine_ifneeded refine_always"),
    WHOLE("ksp_lgmres_augment", 0, RESTART),
    SWITCH("ksp_lgmres_constant"),
    WHOLE("ksp_dgmres_eigen", 0, RESTART),
    WHOLE("ksp_dgmres_max_eigen", 0, RESTART),
    WHOLE("ksp_gcr_restart", 1, RESTART),
    WHOLE("ksp_lcd_restart", 1, RESTART),
    REAL("ksp_lcd_haptol", 0.0, HEAT_RULE_LARGE),
    WHOLE("ksp_fcg_mmax", 1, RESTART),
    WHOLE("ksp_fcg_nprealloc", 1, RESTART),
    NAMES("ksp_fcg_truncation_type", "standard notay"),
    WHOLE("ksp_pipefcg_mmax", 1, RESTART),
    WHOLE("ksp_pipefcg_nprealloc", 1, RESTART),
    NAMES("ksp_pipefcg_truncation_type", "standard notay"),
    WHOLE("ksp_pipegcr_mmax", 1, RESTART),
    WHOLE("ksp_pipegcr_nprealloc", 1, RESTART),
    NAMES("ksp_pipegcr_truncation_type", "standard notay"),
    SWITCH("ksp_pipegcr_unroll_w"),
    WHOLE("ksp_pipelcg_pipel", 1, 20),
    REAL("ksp_pipelcg_lmin", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    REAL("ksp_pipelcg_lmax", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    WHOLE("ksp_bcgsl_ell", 1, 20),
    SWITCH("ksp_bcgsl_cxpoly"),
    SWITCH("ksp_bcgsl_mrpoly"),
    REAL("ksp_bcgsl_xres", 0.0, HEAT_RULE_LARGE),
    SWITCH("ksp_bcgsl_pinv"),
    REAL("ksp_richardson_scale", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    SWITCH("ksp_richardson_self_scale"),
    REALS("ksp_chebyshev_eigenvalues", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    REALS("ksp_chebyshev_esteig", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    WHOLE("ksp_chebyshev_esteig_steps", 1, RESTART),
    SWITCH("ksp_chebyshev_esteig_noisy"),
    WHOLE("ksp_tsirm_cgls", 0, 1),
    REAL("ksp_tsirm_tol_ls", 0.0, HEAT_RULE_LARGE),
    WHOLE("ksp_tsirm_max_it_ls", 1, SWEEPS),
    WHOLE("ksp_tsirm_size_ls", 1, RESTART),
    PRINTS("ksp_monitor"),
    PRINTS("ksp_monitor_short"),
    PRINTS("ksp_monitor_true_residual"),
    PRINTS("ksp_monitor_singular_value"),
    PRINTS("ksp_converged_reason"),
    PRINTS("ksp_converged_rate"),
    PRINTS("ksp_view"),
    PRINTS("ksp_view_singularvalues"),
    PRINTS("ksp_view_eigenvalues"),
    PRINTS("ksp_view_final_residual"),

    /* PC */
    NAMES("pc_type", preconditioners),
    SWITCH("pc_use_amat"),
    NAMES("pc_heatmg_cycle_type", "v w"),
    NAMES("pc_jacobi_type", "diagonal rowmax rowsum rowl1"),
    SWITCH("pc_jacobi_abs"),
    SWITCH("pc_jacobi_fixdiagonal"),
    WHOLE("pc_bjacobi_blocks", 1, BLOCKS),
    WHOLE("pc_bjacobi_local_blocks", 1, BLOCKS),
    WHOLE("pc_asm_blocks", 1, BLOCKS),
    WHOLE("pc_asm_local_blocks", 1, BLOCKS),
    WHOLE("pc_asm_overlap", 0, DEPTH),
    NAMES("pc_asm_type", "none restrict interpolate basic"),
    NAMES("pc_asm_local_type", "additive multiplicative"),
    WHOLE("pc_gasm_total_subdomains", 1, BLOCKS),
    WHOLE("pc_gasm_overlap", 0, DEPTH),
    NAMES("pc_gasm_type", "none restrict interpolate basic"),
    REAL("pc_sor_omega", 1e-6, 2.0 - 1e-6),
    REAL("pc_sor_diagonal_shift", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    WHOLE("pc_sor_its", 1, SWEEPS),
    WHOLE("pc_sor_lits", 1, SWEEPS),
    SWITCH("pc_sor_symmetric"),
    SWITCH("pc_sor_backward"),
    SWITCH("pc_sor_forward"),
    SWITCH("pc_sor_local_symmetric"),
    SWITCH("pc_sor_local_backward"),
    SWITCH("pc_sor_local_forward"),
    REAL("pc_eisenstat_omega", 1e-6, 2.0 - 1e-6),
    SWITCH("pc_eisenstat_no_diagonal_scaling"),
    WHOLE("pc_factor_levels", 0, DEPTH),
    REAL("pc_factor_fill", 1.0, 100.0),
    SWITCH("pc_factor_diagonal_fill"),
    REALS("pc_factor_drop_tolerance", 0.0, 1e9),
    NAMES("pc_factor_shift_type", "none nonzero positive_definite inblocks"),
    REAL("pc_factor_shift_amount", 0.0, HEAT_RULE_LARGE),
    REAL("pc_factor_zeropivot", 0.0, HEAT_RULE_LARGE),
    REAL("pc_factor_column_pivot", 0.0, 1.0),
    SWITCH("pc_factor_pivot_in_blocks"),
    SWITCH("pc_factor_nonzeros_along_diagonal"),
    SWITCH("pc_factor_reuse_fill"),
    SWITCH("pc_factor_reuse_ordering"),
    NAMES("pc_factor_mat_ordering_type", orderings),
    NAMES("pc_factor_mat_solver_type", factorizations),
    WHOLE("mat_mumps_icntl_14", 0, 10000),
    WHOLE("pc_mg_levels", 1, DEPTH),
    NAMES("pc_mg_cycle_type", "v w"),
    NAMES("pc_mg_type", "multiplicative additive full kaskade"),
    NAMES("pc_mg_galerkin", "both pmat mat none"),
    SWITCH("pc_mg_distinct_smoothup"),
    WHOLE("pc_mg_multiplicative_cycles", 1, DEPTH),
    NAMES("pc_gamg_type", "agg geo classical"),
    REALS("pc_gamg_threshold", -1.0, 1.0),
    REAL("pc_gamg_threshold_scale", 0.0, 1.0),
    WHOLE("pc_gamg_agg_nsmooths", 0, DEPTH),
    WHOLE("pc_gamg_square_graph", 0, DEPTH),
    WHOLE("pc_gamg_aggressive_coarsening", 0, DEPTH),
    NAMES("pc_gamg_classical_type", "direct standard"),
    REAL("pc_gamg_classical_interp_threshold", 0.0, 1.0),
    WHOLE("pc_gamg_classical_nsmooths", 0, DEPTH),
    WHOLE("pc_gamg_coarse_eq_limit", 1, 1e6),
    WHOLE("pc_gamg_process_eq_limit", 1, 1e9),
    SWITCH("pc_gamg_repartition"),
    SWITCH("pc_gamg_reuse_interpolation"),
    SWITCH("pc_gamg_asm_use_agg"),
    SWITCH("pc_gamg_use_sa_esteig"),
    SWITCH("pc_gamg_use_parallel_coarse_grid_solver"),
    REALS("pc_gamg_eigenvalues", -HEAT_RULE_LARGE, HEAT_RULE_LARGE),
    SWITCH("pc_hmg_reuse_interpolation"),
    WHOLE("pc_redundant_number", 1, 1e6),
    WHOLE("pc_telescope_reduction_factor", 1, 1e6),
    NAMES("pc_telescope_subcomm_type", "contiguous interlaced"),
    SWITCH("pc_telescope_ignore_dm"),
    REAL("pc_kaczmarz_lambda", 0.0, 2.0),
    SWITCH("pc_kaczmarz_symmetric"),
    WHOLE("pc_deflation_levels", 0, DEPTH),
    SWITCH("pc_deflation_correction"),
    SWITCH("pc_deflation_init_only"),
    NAMES("pc_deflation_compute_space", "haar db2 db4 db8 db16 biorth22 meyer aggregation"),
    WHOLE("pc_deflation_compute_space_size", 1, DEPTH),
    REAL("pc_svd_zero_sing", 0.0, HEAT_RULE_LARGE),
    WHOLE("pc_svd_ess_rank", -1, 1e9),
    NAMES("pc_hypre_type", "euclid ilu pilut parasails boomeramg ams ads"),
    NAMES("pc_hypre_boomeramg_cycle_type", "v w"),
    WHOLE("pc_hypre_boomeramg_max_levels", 2, DEPTH),
    WHOLE("pc_hypre_boomeramg_max_iter", 1, SWEEPS),
    REAL("pc_hypre_boomeramg_tol", 0.0, 1.0),
    REAL("pc_hypre_boomeramg_strong_threshold", 0.0, 1.0),
    REAL("pc_hypre_boomeramg_max_row_sum", 0.0, 1.0),
    REAL("pc_hypre_boomeramg_truncfactor", 0.0, 1.0),
    WHOLE("pc_hypre_boomeramg_p_max", 0, DEPTH),
    WHOLE("pc_hypre_boomeramg_agg_nl", 0, DEPTH),
    WHOLE("pc_hypre_boomeramg_agg_num_paths", 1, DEPTH),
    WHOLE("pc_hypre_boomeramg_grid_sweeps_all", 0, DEPTH),
    WHOLE("pc_hypre_boomeramg_grid_sweeps_down", 0, DEPTH),
    WHOLE("pc_hypre_boomeramg_grid_sweeps_up", 0, DEPTH),
    WHOLE("pc_hypre_boomeramg_grid_sweeps_coarse", 0, DEPTH),
    NAMES("pc_hypre_boomeramg_relax_type_all",
          "jacobi sequential-gauss-seidel seqboundary-gauss-seidel sor/jacobi backward-sor/jacobi "
          "symmetric-sor/jacobi l1scaled-sor/jacobi gaussian-elimination l1-gauss-seidel "
          "backward-l1-gauss-seidel cg chebyshev fcf-jacobi l1scaled-jacobi"),
    REAL("pc_hypre_boomeramg_relax_weight_all", -DEPTH, DEPTH),
    NAMES("pc_hypre_boomeramg_coarsen_type",
          "cljp ruge-stueben modifiedruge-stueben falgout pmis hmis"),
    NAMES("pc_hypre_boomeramg_interp_type",
          "classical direct multipass multipass-wts ext+i ext+i-cc standard standard-wts block "
          "block-wtd "
          "ff ff1 ext ad-wts ext-mm ext+i-mm ext+e-mm"),
    SWITCH("pc_hypre_boomeramg_no_cf"),

    /* SNES */
    NAMES("snes_type", newton_methods),
    REAL("snes_rtol", 0.0, 1.0 - 1e-15),
    REAL("snes_atol", 0.0, HEAT_RULE_LARGE),
    REAL("snes_stol", 0.0, HEAT_RULE_LARGE),
    REAL("snes_divergence_tolerance", -1.0, HEAT_RULE_LARGE),
    WHOLE("snes_max_it", 0, 1e9),
    WHOLE("snes_max_funcs", -1, 1e9),
    WHOLE("snes_max_fail", 0, 1e9),
    WHOLE("snes_max_linear_solve_fail", 0, 1e9),
    SWITCH("snes_force_iteration"),
    WHOLE("snes_lag_jacobian", -2, 1e9),
    WHOLE("snes_lag_preconditioner", -2, 1e9),
    SWITCH("snes_ksp_ew"),
    WHOLE("snes_ksp_ew_version", 1, 3),
    REAL("snes_ksp_ew_rtol0", 0.0, 1.0 - 1e-15),
    REAL("snes_ksp_ew_rtolmax", 0.0, 1.0 - 1e-15),
    NAMES("snes_linesearch_type", "bt nleqerr basic l2 cp secant none"),
    WHOLE("snes_linesearch_order", 1, 3),
    WHOLE("snes_linesearch_max_it", 1, SWEEPS),
    REAL("snes_linesearch_damping", 0.0, HEAT_RULE_LARGE),
    REAL("snes_linesearch_alpha", 0.0, HEAT_RULE_LARGE),
    REAL("snes_linesearch_minlambda", 0.0, 1.0),
    REAL("snes_linesearch_maxstep", 0.0, HEAT_RULE_LARGE),
    REAL("snes_linesearch_rtol", 0.0, HEAT_RULE_LARGE),
    REAL("snes_linesearch_atol", 0.0, HEAT_RULE_LARGE),
    REAL("snes_linesearch_ltol", 0.0, HEAT_RULE_LARGE),
    REAL("snes_tr_delta0", 0.0, HEAT_RULE_LARGE),
    WHOLE("snes_anderson_m", 1, RESTART),
    REAL("snes_anderson_beta", 0.0, HEAT_RULE_LARGE),
    WHOLE("snes_ngmres_m", 1, RESTART),
    WHOLE("snes_qn_m", 1, RESTART),
    NAMES("snes_qn_type", "lbfgs broyden badbroyden"),
    NAMES("snes_ncg_type", "fr prp hs dy cd"),
    PRINTS("snes_monitor"),
    PRINTS("snes_monitor_short"),
    PRINTS("snes_linesearch_monitor"),
    PRINTS("snes_converged_reason"),
    PRINTS("snes_view"),

    /* TS, with ts:TYPE */
    NAMES("ts_adapt_type", "basic dsp glee"),
    REAL("ts_adapt_safety", 1e-6, 1.0),
    REAL("ts_adapt_reject_safety", 1e-6, 1.0),
    REALS("ts_adapt_clip", 0.0, HEAT_RULE_LARGE),
    REAL("ts_adapt_scale_solve_failed", 1e-6, 1.0),
    WHOLE("ts_adapt_time_step_increase_delay", 0, 1e9),
    NAMES("ts_adapt_wnormtype", "2 infinity"),
    NAMES("ts_adapt_dsp_filter", "basic pi30 pi42 pi33 pi34 pc11 pc47 pc36 h0211 h211b h211pi "
                                 "h0312 h312b h312pid h0321 h321"),
    WHOLE("ts_max_reject", -1, 1e9),
    WHOLE("ts_max_snes_failures", -1, 1e9),
    NAMES("ts_rk_type", "1fe 2a 2b 3 3bs 4 5f 5dp 5bs 6vr 7vr 8vr"),
    NAMES("ts_ssp_type", "rks2 rks3 rk104"),
    WHOLE("ts_ssp_nstages", 1, DEPTH),
    NAMES("ts_arkimex_type", "1bee a2 l2 ars122 2c 2d 2e prssp2 3 bpr3 ars443 4 5"),
    SWITCH("ts_arkimex_fully_implicit"),
    NAMES("ts_rosw_type",
          "theta1 theta2 2m 2p ra3pw ra34pw2 rodas3 sandu3 assp3p3s1c lassp3p4s2c llssp3p4s2c ark3 "
          "grk4t "
          "shamp4 veldd4 4l r34pw3 r3prl2 rodaspr rodaspr2"),
    SWITCH("ts_rosw_recompute_jacobian"),
    WHOLE("ts_bdf_order", 1, 6),
    REAL("ts_theta_theta", 0.5, 1.0),
    SWITCH("ts_theta_endpoint"),
    SWITCH("ts_theta_initial_guess_extrapolate"),
    REAL("ts_alpha_radius", 0.0, 1.0),
    PRINTS("ts_monitor"),
    PRINTS("ts_adapt_monitor"),
    PRINTS("ts_view"),
};

/* Prefixes of the solvers that PETSc makes inside of others; '#' stands for a number. */
static const char *const prefixes[] = {
    "sub_",    "mg_levels_",      "mg_levels_#_",  "mg_coarse_", "mg_fine_",   "up_",
    "esteig_", "pc_gamg_esteig_", "redundant_",    "telescope_", "deflation_", "galerkin_",
    "gasm_",   "hmg_inner_",      "fieldsplit_#_", "ksp_",       "npc_",       "lsc_"};

const HeatPetscRule *HeatPetscRules(size_t *n)
{
  *n = PETSC_STATIC_ARRAY_LENGTH(rules);
  return rules;
}

const char *const *HeatPetscPrefixes(size_t *n)
{
  *n = PETSC_STATIC_ARRAY_LENGTH(prefixes);
  return prefixes;
}

const char *HeatPetscPreconditioners(void) { return preconditioners; }
const char *HeatPetscIntegrators(void) { return integrators; }

const char *HeatPetscIntegratorRefused(const char *type)
{
  for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
    if (strcmp(refused[k].type, type) == 0) return refused[k].reason;
  return NULL;
}

PetscBool HeatPetscIntegratorEstimates(const char *type)
{
  return HeatPetscListHas("theta cn beuler", type);
}

PetscBool HeatPetscIntegratorRemembers(const char *type)
{
  return HeatPetscListHas("bdf alpha", type);
}
