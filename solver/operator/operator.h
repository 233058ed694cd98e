/** The discrete heat balance of every cell: net heat, explicit steps, Jacobian, matrix, heat flows.
 *
 *  Cell-centred finite volumes, per metre of depth.  With N [W/m] the net heat that enters a cell:
 *      C dT/dt = N(T, t)
 *      N = sum over faces between cells  G_f (T_neighbour - T)
 *        + sum over boundary faces       G (T_b - T) + F
 *        + Q + E (T_amb - T)
 *      C = density * specific_heat * hx * hy  [J/(m K)]
 *      1/G_f = h/(k_f A) + R/(A |n.e|)  [m K/W]
 *  k_f is the harmonic or arithmetic mean of the conductivities of the two cells, h the distance of
 *  their centres, A the length of the face, R the contact resistance between their materials, |n.e|
 *  the part of the face that lies along the interface (physics/interfaces.h).  The boundary
 *  conditions are in physics/boundary.h, Q in physics/source.h, E in
 *  physics/ambient_exchange.h.  The heat through a face has exactly the same bits, with opposite
 *  signs, in its two cells, so that no heat is lost between them.
 *  Source: solver/README.md eq. (1)-(5), (8), (9).
 *
 *  The operator has a present time and, where N is not linear in T, a present field:
 *  HeatOperatorSetTime and HeatOperatorUpdate compute its coefficients, which stay until the next
 *  call.  Fields are own cells without halo, [nyl][nxl], x fastest: the array of a global Vec of
 *  the grid. */
#ifndef HEAT_SOLVER_OPERATOR_H
#define HEAT_SOLVER_OPERATOR_H

#include "solver/base/exact_sum.h"
#include "solver/base/interrupt.h"
#include "solver/base/reduction.h"
#include "solver/grid/halo.h"
#include "solver/physics/boundary.h"
#include "solver/physics/paint.h"
#include "solver/physics/source.h"

typedef struct HeatOperator HeatOperator;

/** Create the operator of a case, at t = 0: paint the materials, compute all coefficients that do
 *  not depend on T.  Collective on grid->comm; grid and case must outlive the operator, which the
 *  caller owns.
 *  @param[in] inputs  what the case's files hold; NULL when it names none; not needed afterwards
 *  Errors: HEAT_ERR_INPUT where an expression or a property of the case is not valid in some
 *  cell or on some boundary face. */
PetscErrorCode HeatOperatorCreate(const HeatGrid *grid, const HeatCase *c,
                                  const HeatCellInputs *inputs, HeatOperator **op);

/** Compute the field from which the case starts at t = 0: from a file, or painted (paint.h).  A
 *  steady case without `initial.temperature` starts, where no region gives a temperature, at the
 *  mean of what the sides prescribe or exchange heat with, or of the ambient exchange.  Collective;
 *  call it before the first HeatOperatorSetTime.
 *  @param[in]     inputs     what the case's files hold; NULL when it names none
 *  @param[in]     from_file  T already holds the field of the case's initial.file
 *  @param[in,out] T          [nyl][nxl] temperature [K]
 *  Errors: HEAT_ERR_INPUT as HeatPaintTemperature, and where a temperature of the file is below the
 *  absolute zero of the case. */
PetscErrorCode HeatOperatorInitialField(const HeatOperator *op, const HeatCellInputs *inputs,
                                        PetscBool from_file, PetscReal *T);

/** Return whether N is linear in T apart from terms without T: no conductivity or source is an
 *  expression of T, and no side radiates.  Otherwise the coefficients are valid at the field of
 *  the last Update only.  Not collective; equal on all ranks. */
PetscBool HeatOperatorIsLinear(const HeatOperator *op);

/** Return whether the Jacobian dN/dT is symmetric: no conductivity depends on T.  Not collective;
 *  equal on all ranks. */
PetscBool HeatOperatorIsSymmetric(const HeatOperator *op);

/** Compute the coefficients that depend on the temperature at the field T and the present time:
 *  conductivities and conductances, radiating sides, sources, and their derivatives.  Does nothing
 *  for a linear operator.  For any other, coefficients are undefined before the first Update.
 *  Collective; exchanges halos where a conductivity depends on T.
 *  @param[in]  T      temperature [K], [nyl][nxl]
 *  @param[out] valid  false, on all ranks, if on some rank a conductivity is not positive or a
 *                     coefficient is not finite; the coefficients are then undefined */
PetscErrorCode HeatOperatorUpdate(HeatOperator *op, const PetscReal *T, PetscBool *valid);

/** Replace a step of Newton's method, from T to T + sign step, by the step over which the integral
 *  of k over T changes by k(T) sign step in each cell (operator_kirchhoff.c).  Call it after
 *  HeatOperatorUpdate at T.  Not collective.
 *  @param[in]     T     [K], [nyl][nxl]
 *  @param[in]     sign  1 or -1
 *  @param[in,out] step  [K], [nyl][nxl] */
PetscErrorCode HeatOperatorBendStep(HeatOperator *op, const PetscReal *T, PetscReal sign,
                                    PetscReal *step);

/** How sources, boundary values and ambient temperatures that do not depend on T are evaluated
 *  within a time step. */
typedef enum {
  HEAT_TIME_EXACT,   /* the values at the time */
  HEAT_TIME_ON_LINES /* their best lines over the step (solver/case/time_line.h) */
} HeatTimeRule;

/** Set the time step [from, to] [s] that contains the times of the calls of HeatOperatorSetTime
 *  from now on: at an end of the step, a formula that switches there has its value inside the step.
 *  from = to: there is no step.  Not collective. */
void HeatOperatorSetStep(HeatOperator *op, PetscReal from, PetscReal to, HeatTimeRule rule);

/** Evaluate sources, boundary values and ambient temperatures at time t [s].  Not collective.  A
 *  value without physical meaning is raised later, by HeatOperatorCheckFormulas, and makes the next
 *  HeatOperatorUpdate report `valid` as false.  Where the operator is not linear, the coefficients
 *  are undefined until the next HeatOperatorUpdate. */
PetscErrorCode HeatOperatorSetTime(HeatOperator *op, PetscReal t);

/** Bring the operator to time t [s] and field T: HeatOperatorSetTime, then HeatOperatorUpdate where
 *  the operator is not linear.  Collective.
 *  @param[in]  T      temperature [K], [nyl][nxl]; may be NULL where the operator is linear
 *  @param[out] valid  as for HeatOperatorUpdate; always true where the operator is linear */
PetscErrorCode HeatOperatorTryBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                    PetscBool *valid);

/** Call HeatOperatorTryBring, and raise an error where the coefficients are undefined.  Collective.
 *  @param[in] code  the error: HEAT_ERR_INPUT where T is the case's own initial field, otherwise
 *                   HEAT_ERR_NUMERICS
 *  @param[in] when  first words of the message: "step 7", "the initial field" */
PetscErrorCode HeatOperatorBring(HeatOperator *op, PetscReal t, const PetscReal *T,
                                 PetscErrorCode code, const char *when);

/** Raise `code` for coefficients that the last HeatOperatorUpdate found undefined.  The message
 *  names the formula of the case with file and line, the value, the temperature and the place, and
 *  quotes `when`; it is the same on any number of ranks.  HeatOperatorCheckFormulas raises nothing
 *  after it.  Collective. */
PetscErrorCode HeatOperatorRaiseUndefined(HeatOperator *op, PetscErrorCode code, const char *when);

/** Return whether a formula was undefined on this rank, which HeatOperatorCheckFormulas raises on
 *  all ranks.  Not collective. */
PetscBool HeatOperatorHasFault(const HeatOperator *op);

/** Raise HEAT_ERR_NUMERICS if a formula of time of some source, side or ambient had a value without
 *  physical meaning at any HeatOperatorSetTime, or during HeatOperatorTakeSteps, since the creation
 *  of the operator.  HeatOperatorSetTime does not communicate, so that a linear operator finds such
 *  values only here.  The message is about the earliest time.  The error is raised once: later
 *  calls return success, so that a caller that looks for the cause of another error does not print
 *  the message again.  Collective. */
PetscErrorCode HeatOperatorCheckFormulas(HeatOperator *op);

/** Evaluate the boundary values alone at time t [s], for reading the field at the sides.  The
 *  operator then has boundary values and sources of different times: call HeatOperatorSetTime
 *  before the next step.  Not collective. */
PetscErrorCode HeatOperatorSetSurfaceTime(HeatOperator *op, PetscReal t);

/** Compute the net heat N of each cell at the present time.  Collective; exchanges the halo of T.
 *  @param[in]  T    temperature [K], [nyl][nxl]; where the operator is not linear, the field of the
 *                   last Update
 *  @param[out] net  N [W/m], [nyl][nxl]; must not alias T */
PetscErrorCode HeatOperatorNet(HeatOperator *op, const PetscReal *T, PetscReal *net);

/** Take one explicit Euler step from the present time: T_new = T + dt/C N(T).  Collective;
 *  exchanges the halo of T.  Adds to the heat that HeatOperatorSumExchange sums.
 *  @param[in]  dt     step [s]
 *  @param[in]  T      temperature [K], [nyl][nxl]; where the operator is not linear, the field of
 *                     the last Update
 *  @param[out] T_new  [nyl][nxl]; must not alias T */
PetscErrorCode HeatOperatorStep(HeatOperator *op, PetscReal dt, const PetscReal *T,
                                PetscReal *T_new);

/** Kinds of heat that enters the domain: 0 to HEAT_SIDES - 1 is the side through which it enters,
 *  then follow the kinds below. */
enum {
  HEAT_FLOW_SOURCE = HEAT_SIDES, /* released by the sources */
  HEAT_FLOW_EXCHANGE,            /* ambient exchange: into the sheet; negative where heat is lost */
  HEAT_FLOW_TURNOVER,            /* sum of the magnitudes of all others, by face and by cell */
  HEAT_FLOWS
};

/** Heat that enters by kind, summed over this rank's faces and cells [W/m]; {0} is no heat. */
typedef struct {
  HeatExactSum sum[HEAT_FLOWS];
} HeatFlows;

/** The heat that the ambient exchange brought in the latest explicit steps, summed in each cell.
 *  Plain data; `terms` and `dt` are equal on all ranks.
 *
 *  Exact sums over the cells in each step would cost more than the step.  Heat is therefore summed
 *  in each cell over steps of one length, up to HEAT_EXCHANGE_TERMS steps or stages, and then
 *  exactly over the cells: it is settled.  When that happens depends on the steps taken alone,
 *  neither on the layout of blocks, nor on how many steps a sweep takes, nor on when the account is
 *  read, so that the account has the same bits everywhere.  A checkpoint stores unsettled heat. */
typedef struct {
  PetscReal *cells;   /* [nyl][nxl] sum over the steps of E (T_amb - T) [W/m]; in `memory` */
  void      *memory;  /* owned by the operator */
  PetscInt   terms;   /* number of additions in each cell since the last settlement */
  PetscReal  dt;      /* [s] length of these steps; without meaning if there are none */
  HeatFlows  settled; /* [J/m] heat of earlier steps, until HeatOperatorTakeSettled moves it */
} HeatExchangeHeat;

/** Additions in a cell, of which a step of ftcs makes one and a step of rkl2 one in each stage,
 *  after which the heat of the ambient exchange is settled at the end of the step.  Chosen: n
 *  additions lose at most n 2^-53 of the heat, 3e-14; a larger number loses more, and a smaller one
 *  takes more time for the exact sums, which is that of some six steps of a sweep. */
enum { HEAT_EXCHANGE_TERMS = 256 };

/** Begin to sum the heat of the ambient exchange of the steps that HeatOperatorStep,
 *  HeatOperatorTakeSteps and HeatOperatorTakeStages take, from 0; does nothing in a case without
 *  exchange.  Not collective. */
PetscErrorCode HeatOperatorSumExchange(HeatOperator *op);

/** Return the heat that HeatOperatorSumExchange sums, owned by the operator; NULL where it is not
 *  summed.  Not collective. */
const HeatExchangeHeat *HeatOperatorExchangeHeat(const HeatOperator *op);

/** Move the heat that was settled since the last call to *settled [J/m], which is overwritten.  Not
 *  collective. */
void HeatOperatorTakeSettled(HeatOperator *op, HeatFlows *settled);

/** Add this rank's heat that is not settled yet to *heat [J/m], and what HeatOperatorTakeSettled
 *  has not moved.  Not collective. */
void HeatOperatorAddUnsettled(const HeatOperator *op, HeatFlows *heat);

/** Call HeatOperatorSumExchange, and continue with the unsettled heat of a checkpoint.  Not
 *  collective.
 *  @param[in] cells  [nyl][nxl] [W/m]; NULL: none */
PetscErrorCode HeatOperatorLoadExchange(HeatOperator *op, const PetscReal *cells, PetscInt terms,
                                        PetscReal dt);

/** Add n values of the heat of the ambient exchange to *flows, and their magnitudes to the
 *  turnover.  Not collective. */
void HeatFlowsAddExchange(HeatFlows *flows, size_t n, const PetscReal *heat);

/** Compute the largest number of explicit steps that HeatOperatorTakeSteps can take in one sweep; 1
 *  means that it must not be called.  The result is 1 where conductances or sources change with
 *  time or temperature (prescribed and ambient temperatures and prescribed fluxes may change with
 *  time, and so may sources by factors: HeatSourceFactorCount), where the ambient temperature of an
 *  ambient exchange depends on both time and place, and where blocks are too small for a deep
 *  halo.  The option -heat_steps_at_once sets an upper bound, at most 64; 32 by default;
 *  HeatOperatorLimitSteps replaces both.  The first call is collective, and so is the first one
 *  after HeatOperatorTakesStages or HeatOperatorTakeStages; the result is equal on all ranks. */
PetscErrorCode HeatOperatorMostSteps(HeatOperator *op, PetscInt *most);

/** Steps of ftcs and stages of rkl2 in one sweep, by default.  Chosen by measurement
 *  (solver/MEASURED.md): 32 steps reach 2.8 times the rate of single steps.  More steps gain
 *  little, and enlarge the ring of wavefront.c and the redundant work in the deep halo; fewer steps
 *  read the field from memory more often.  The rings of more than 16 stages outgrow a second-level
 *  cache of 1 MB. */
enum { HEAT_STEPS_AT_ONCE = 32, HEAT_STAGES_AT_ONCE = 16 };

/** Store in *most how many steps of ftcs, or stages of rkl2, are taken at once where coefficients
 *  and blocks allow it: the default, or the option -heat_steps_at_once.  Not collective. */
PetscErrorCode HeatOperatorStepsWanted(PetscBool stages, PetscInt *most);

/** Take at most so many steps of ftcs, or stages of rkl2, at once from now on, in place of the
 *  default and of the option -heat_steps_at_once; blocks and coefficients may allow fewer.  What
 *  was set up for sweeps is freed, and the counts of HeatOperatorDeepHaloCounts begin anew.  Not
 *  collective, but equal on all ranks.
 *  @param[in] most  1 to 64; 1: each step and each stage is taken by itself
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE for any other number. */
PetscErrorCode HeatOperatorLimitSteps(HeatOperator *op, PetscInt most);

/** Number of fields of coefficients that are exchanged with deep halos before the first sweep, in a
 *  case without sources that change with time: the conductances of four faces, C, and the sources.
 *  A single source with a factor of time adds one field, its shape.  Several such sources, or one
 *  together with fluxes of time or an ambient exchange, add two fields for each layer that has some
 *  (HeatSourceLayer).  An ambient exchange adds HEAT_SWEEP_EXCHANGE_FIELDS, E and T_amb. */
enum { HEAT_SWEEP_FIELDS = 6, HEAT_SWEEP_EXCHANGE_FIELDS = 2 };

/** Own cells whose temperature is recorded after each of several steps.  All is borrowed. */
typedef struct {
  PetscInt      n;
  const size_t *cell; /* [n] index j nxl + i, ascending, each once */
  PetscReal    *T;    /* [HeatOperatorMostSteps][n] temperatures after each step, written [K] */
} HeatCellRecord;

/** Take `steps` explicit Euler steps in place, with the bits that as many calls of HeatOperatorStep
 *  give.  Evaluates the boundary values at `times` and leaves them at the last of these times.
 *  Collective; one deep halo exchange for all steps.  Call HeatOperatorMostSteps first.
 *  @param[in]     steps  1 to the number that HeatOperatorMostSteps returns
 *  @param[in]     dt     [s] of each step
 *  @param[in]     times  [steps] time at which each step begins [s]
 *  @param[in]     record  cells to be recorded; NULL: none
 *  @param[in,out] T      temperature [K], [nyl][nxl]
 *  @param[out]    flows  the heat that enters, summed over the steps [W/m], without the ambient
 *                        exchange (HeatExchangeHeat) */
PetscErrorCode HeatOperatorTakeSteps(HeatOperator *op, PetscInt steps, PetscReal dt,
                                     const PetscReal *times, const HeatCellRecord *record,
                                     PetscReal *T, HeatFlows *flows);

/** Stage j of a step of rkl2 (stepper_rkl2.c), for an operator that HeatOperatorTakesStages.
 *  It computes the increment d_j = Y_j - Y_0, with d_0 = 0 and L(d) = N(Y_0 + d) - N(Y_0):
 *
 *      d_1 = net N(Y_0)/C,   d_j = m d_{j-1} + n d_{j-2} + (net L(d_{j-1}) + rate N(Y_0))/C
 *
 *  With an ambient exchange, L(d) = N_faces(d) - E d.  The shares of a step add up to 1, so that
 *  the exchange brings E (T_amb - Y_0) - (sum over j > 1 of share_j E d_{j-1}). */
typedef struct {
  PetscReal m, n;      /* weights of d_{j-1} and d_{j-2} */
  PetscReal net, rate; /* [s] weights of L(d_{j-1}), in stage 1 of N(Y_0), and of N(Y_0) */
  PetscReal time;      /* [s] of Y_{j-1} */
  PetscReal share;     /* weight of the heat flows at Y_{j-1} in the mean flows of the step */
} HeatRklStage;

/** Return in *takes whether HeatOperatorTakeStages can be called: neither conductances, sources nor
 *  fluxes change with time or temperature (prescribed and ambient temperatures of sides may change
 *  with time), nor does the ambient temperature of an ambient exchange.  The first call is
 *  collective, and so is the first one after HeatOperatorMostSteps or HeatOperatorTakeSteps; equal
 *  on any layout of blocks. */
PetscErrorCode HeatOperatorTakesStages(HeatOperator *op, PetscBool *takes);

/** Return the number of sweeps that take n stages with deep halos of `depth` cells. */
static inline PetscInt HeatStageSweeps(PetscInt n, PetscInt depth)
{
  return (n + depth - 1) / depth;
}

/** Return the number of sweeps in which HeatOperatorTakeStages takes n stages; 0: one by one.  Not
 *  collective; after HeatOperatorTakesStages. */
PetscInt HeatOperatorStageSweeps(const HeatOperator *op, PetscInt n);

/** Return the number of deep halo exchanges of one step's sweeps: Y_0 before the first, the rate
 *  and two increments before the second, two increments before each later one. */
static inline PetscInt HeatStageExchanges(PetscInt sweeps) { return sweeps > 1 ? 2 * sweeps : 1; }

/** Take a step of rkl2, T_new = T + d_n.  Stages are taken in sweeps of several where blocks are
 *  large enough, at most -heat_steps_at_once or HeatOperatorLimitSteps at a time, otherwise one by
 *  one, with the same bits.
 *  Evaluates the boundary values at the stages' times and leaves them at the last of these.
 *  Collective.
 *  @param[in]  n       number of stages, at least 2
 *  @param[in]  stages  [n]
 *  @param[in]  dt      [s] of the step
 *  @param[in]  T       temperature [K], [nyl][nxl]
 *  @param[out] T_new   [nyl][nxl]; must not alias T
 *  @param[out] flows   mean heat flows of the step [W/m], without the ambient exchange
 *                      (HeatExchangeHeat)
 *  Returns HEAT_STOPPED where the interrupt abandons the step; T_new is then undefined. */
PetscErrorCode HeatOperatorTakeStages(HeatOperator *op, PetscInt n, const HeatRklStage *stages,
                                      PetscReal dt, const PetscReal *T, PetscReal *T_new,
                                      HeatFlows *flows);

/** Compute y = A x with A = mass C - J, J = dN/dT at the field of the last Update.  For a linear
 *  operator, sources and boundary values do not enter A.  A is symmetric where
 *  HeatOperatorIsSymmetric; for a linear operator it is also positive definite if mass > 0 or some
 *  side fixes the level of T.  Collective; exchanges the halo of x.
 *  @param[in]  mass  [1/s] a multiple of 1/dt, or 0 for a steady state
 *  @param[in]  x     [nyl][nxl]
 *  @param[out] y     [nyl][nxl]; must not alias x */
PetscErrorCode HeatOperatorApply(HeatOperator *op, PetscReal mass, const PetscReal *x,
                                 PetscReal *y);

/** Compute the residual norm ||b - A x|| of the matrix A of HeatOperatorApply, for a linear
 *  operator.  A norm of at most `bound` has the same bits on any layout of blocks.  A larger value
 *  means only "above the bound".  Collective; exchanges the halo of x.
 *  @param[in]  x, b   [nyl][nxl]
 *  @param[in]  bound  in the unit of b; when it is not between 2^-480 and 2^480 the sum is plain,
 *                     and its bits depend on the layout
 *  @param[out] norm   in the unit of b */
PetscErrorCode HeatOperatorDefect(HeatOperator *op, PetscReal mass, const PetscReal *x,
                                  const PetscReal *b, PetscReal bound, PetscReal *norm);

/** Compute the diagonal of the matrix A of HeatOperatorApply.  It is the true diagonal, which a
 *  source that grows with T can make negative.  Not collective.
 *  @param[out] d  [W/(m K)], [nyl][nxl] */
PetscErrorCode HeatOperatorDiagonal(const HeatOperator *op, PetscReal mass, PetscReal *d);

/** Compute the norm below which a residual b - A x, at x near T, is only rounding:
 *  4 epsilon ||d T||, with d the diagonal of A and epsilon = 2^-52.  The norm is the square root of
 *  an exact sum, equal for any layout of blocks.  Collective.
 *  @param[in]  rates  true: divide by the capacities, for residuals in K/s instead of W/m
 *  @param[in]  T      [K], [nyl][nxl]
 *  @param[out] norm   [W/m], or [K/s] */
PetscErrorCode HeatOperatorRounding(const HeatOperator *op, PetscReal mass, PetscBool rates,
                                    const PetscReal *T, PetscReal *norm);

/** Assemble a matrix for preconditioners.  It is A of HeatOperatorApply, except that conductances
 *  count as constants where they depend on T (Picard's matrix), and that the diagonal omits what
 *  would weaken it.  It is therefore always symmetric and positive (semi-)definite, and equals A
 *  where the operator is linear.  Collective.
 *  @param[in,out] A  made by HeatGridCreateMatrix; its entries are replaced */
PetscErrorCode HeatOperatorAssemble(const HeatOperator *op, PetscReal mass, Mat A);

/** Return the conductances [W/(m K)] of the matrix of HeatOperatorAssemble along own row j,
 *  boundary faces included.  Owned by the operator.  Not collective.
 *  @param[in] axis  0: the nxl + 1 faces across x, from the west face of the first cell to the east
 *                   face of the last.  1: the nxl south faces of the row's cells; with j = nyl the
 *                   north faces of the last row.  Rows that are equal may be one array */
const PetscReal *HeatOperatorConductances(const HeatOperator *op, int axis, PetscInt j);

/** Compute, for own row j, what the matrix of HeatOperatorAssemble has on its diagonal besides the
 *  sum of the cell's four conductances.  Not collective.
 *  @param[out] row  [W/(m K)], [nxl] */
void HeatOperatorMassRow(const HeatOperator *op, PetscReal mass, PetscInt j, PetscReal *row);

/** Values of coefficients that a pass over the field reads from memory, for each cell of the grid.
 *  Rows that are equal to the row before them are read from a cache, and not counted. */
typedef struct {
  PetscReal capacity; /* C, or dt/C */
  PetscReal gx, gy;   /* conductances of faces across x, across y */
  PetscReal sources;  /* sources and prescribed fluxes; in a sweep also shapes of sources */
  PetscReal exchange; /* conductance of the ambient exchange; where its heat is summed cell by cell,
                         also that heat, read and written */
  PetscReal ambient;  /* temperature of the ambient exchange */
} HeatCoefficientsRead;

/** The kinds of passes, which read different arrays. */
typedef enum {
  HEAT_PASS_SINGLE, /* a step or stage by itself, N, or a product with a matrix */
  HEAT_PASS_SWEEP,  /* a sweep of several steps or stages */
  HEAT_PASSES
} HeatPass;

/** Count the values of coefficients that passes read, in the mean over all cells.  A sweep reads
 *  nothing for a run of equal cells, whose coefficients are in a list; of sweeps nothing is known
 *  before the first one, and all their numbers are 0.  Not collective: this rank's values, divided
 *  by the number of all cells, are added to the reduction r, which sets *read when it runs.
 *  @param[out] read  by kind of pass */
PetscErrorCode HeatOperatorAddCoefficientsRead(const HeatOperator *op, HeatReduction *r,
                                               HeatCoefficientsRead read[HEAT_PASSES]);

/** Compute the largest explicit Euler step under which no error can grow: 2 over Gershgorin's bound
 *  of the largest eigenvalue of -C^-1 J, at the field of the last Update.  Collective.
 *  @param[out] dt  [s]; PETSC_MAX_REAL where the bound is 0 */
PetscErrorCode HeatOperatorStableStep(const HeatOperator *op, PetscReal *dt);

/** Store what HeatOperatorStableStep computes, for a linear operator, where it never changes.  The
 *  set-up of HeatOperatorMostSteps, or with `stages` that of HeatOperatorTakesStages, finds it in
 *  its one reduction.  The first call of either function is collective.
 *  @param[out] dt  [s]; PETSC_MAX_REAL where the bound is 0 */
PetscErrorCode HeatOperatorLinearStableStep(HeatOperator *op, PetscBool stages, PetscReal *dt);

/** Return the bound on the eigenvalues [1/s] of this rank's cells from which HeatOperatorStableStep
 *  follows, for a reduction with other numbers.  Not collective. */
PetscReal HeatOperatorStiffness(const HeatOperator *op);

/** Return the stable step [s] for the largest HeatOperatorStiffness of all ranks. */
PetscReal HeatOperatorStableStepOf(PetscReal stiffness);

/** Add weight * flows to *sum; to the turnover, which is a sum of magnitudes, |weight| * flows.
 *  Not collective. */
void HeatFlowsAdd(HeatFlows *sum, PetscReal weight, const HeatFlows *flows);

/** Compute the heat that enters through this rank's boundary faces and cells at the present time,
 *  with the coefficients of the last Update.  Not collective.
 *  @param[in]  T      temperature [K], [nyl][nxl]
 *  @param[out] flows  [W/m], overwritten */
PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows);

/** Compute the heat flows of HeatOperatorFlows without the ambient exchange.  Not collective. */
PetscErrorCode HeatOperatorFlowsBesideExchange(const HeatOperator *op, const PetscReal *T,
                                               HeatFlows *flows);

/** Add the heat that enters through this rank's faces of each segment at the present time, with the
 *  coefficients of the last Update.  Not collective.
 *  @param[in]     T     temperature [K], [nyl][nxl]
 *  @param[in,out] heat  [W/m], one sum for each segment of the case: those of the left side first,
 *                       then of the right, the bottom and the top side */
PetscErrorCode HeatOperatorSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                       HeatExactSum *heat);

/** Receives the heat [W/m] that flows through a face from a cell of material `from` to a cell of
 *  material `to`. */
typedef void (*HeatFaceVisitor)(PetscInt from, PetscInt to, PetscReal heat, void *context);

/** Visit every face between two cells once over all ranks, at the present time: the rank that owns
 *  the cell on the right of the face, or above it, calls `visit`.  Boundary faces are not visited.
 *  Collective; exchanges halos.
 *  @param[in] T  temperature [K], [nyl][nxl]; where the operator is not linear, the field of the
 *                last Update */
PetscErrorCode HeatOperatorVisitFaces(HeatOperator *op, const PetscReal *T, HeatFaceVisitor visit,
                                      void *context);

/** Compute the heat flux density at own cell centres, at the present time:
 *      qx = (heat through the west face + heat through the east face)/(2 hy)
 *      qy = (heat through the south face + heat through the north face)/(2 hx)
 *  with the heat [W/m] counted in the direction of increasing x or y.  Collective; exchanges the
 *  halo of T.
 *  @param[in]  T       temperature [K], [nyl][nxl]; where the operator is not linear, the field of
 *                      the last Update
 *  @param[out] qx, qy  [W/m2], [nyl][nxl] each */
PetscErrorCode HeatOperatorFlux(HeatOperator *op, const PetscReal *T, PetscReal *qx, PetscReal *qy);

/* Accessors: not collective; what they return belongs to the operator. */

/** Return the grid given to HeatOperatorCreate. */
const HeatGrid *HeatOperatorGrid(const HeatOperator *op);

/** Return the case given to HeatOperatorCreate. */
const HeatCase *HeatOperatorCase(const HeatOperator *op);

/** Have the solvers of this operator poll `interrupt` (solver/base/interrupt.h) in every iteration
 *  and stage; NULL: none.  It is borrowed, and must outlive the solvers.  Not collective. */
void HeatOperatorSetInterrupt(HeatOperator *op, HeatInterrupt *interrupt);

/** Return what HeatOperatorSetInterrupt was given last; NULL before.  Not collective. */
HeatInterrupt *HeatOperatorInterrupt(const HeatOperator *op);

/** Return a positive number that identifies the own cell's material, equal on all ranks, where the
 *  conductivity along the axis depends on T and not on the place; 0 elsewhere.  Along a line
 *  between two cells with one such number the integral of k over T varies linearly, and T does not.
 *  Not collective. */
PetscInt HeatOperatorKirchhoffMaterial(const HeatOperator *op, int axis, size_t cell);

/** Return the heat capacity C of the cells of own row j [J/(m K)], [nxl].  Rows that are equal may
 *  be one array. */
const PetscReal *HeatOperatorCapacity(const HeatOperator *op, PetscInt j);

/** Return the heat capacity C of an own cell [J/(m K)], by its index j nxl + i. */
static inline PetscReal HeatOperatorCapacityAt(const HeatOperator *op, size_t cell)
{
  const size_t nx = (size_t)HeatOperatorGrid(op)->nxl;

  return HeatOperatorCapacity(op, (PetscInt)(cell / nx))[cell % nx];
}

/** Return the conductivity of an own cell along x (axis 0) or y (axis 1) at the last Update
 *  [W/(m K)]. */
PetscReal HeatOperatorConductivity(const HeatOperator *op, int axis, size_t cell);

/** Return the density of an own cell [kg/m3]. */
PetscReal HeatOperatorDensity(const HeatOperator *op, size_t cell);

/** Return the contact resistance on the west (axis 0) or south (axis 1) face of an own cell, per
 *  length of the face: R/|n.e| of solver/README.md eq. (3) [m2 K/W]; 0: none.  Costs a binary
 *  search among the faces with a contact. */
PetscReal HeatOperatorContactResistance(const HeatOperator *op, int axis, size_t cell);

/** Return the material of own cells, [nyl][nxl], as an index into case->materials. */
const uint16_t *HeatOperatorMaterial(const HeatOperator *op);

/** Return the boundary conditions at the present time and the last Update. */
const HeatBoundaries *HeatOperatorBoundaries(const HeatOperator *op);

/** Return the sources at the present time and the last Update. */
const HeatSource *HeatOperatorSource(const HeatOperator *op);

/** Return the counts of the operator's halo exchanges that are one cell deep, which are all but
 *  those of HeatOperatorTakeSteps and HeatOperatorTakeStages. */
HeatHaloCounts HeatOperatorHaloCounts(const HeatOperator *op);

/** Counts of the deep halo exchanges of HeatOperatorTakeSteps and HeatOperatorTakeStages. */
typedef struct {
  PetscInt       depth; /* [cells]; 0 before the first call of HeatOperatorMostSteps, and where
                                 blocks are too small for a deep halo */
  HeatHaloCounts sent;  /* by this rank since sweeps were set up */
  PetscInt64     messages[2]; /* of one exchange, over all ranks: within nodes, between nodes */
  PetscInt64     bytes[2];    /* of one exchange, over all ranks: within nodes, between nodes */

  HeatLayoutTraffic prepared; /* predicted traffic of all ranks, since sweeps were set up, that
                                 prepared them: coefficients, and T_b along the sides; a value is
                                 a PetscReal */
} HeatDeepHaloCounts;

/** Return the counts of the deep halo exchanges since sweeps were set up: at the first call of
 *  HeatOperatorMostSteps or HeatOperatorTakesStages, and again after HeatOperatorLimitSteps or a
 *  change from steps to stages or back. */
HeatDeepHaloCounts HeatOperatorDeepHaloCounts(const HeatOperator *op);

/** Halo exchanges that were left out on purpose. */
typedef struct {
  PetscInt64 every;        /* the argument of HeatOperatorBreakHalo; 0: none is left out */
  PetscInt64 single, deep; /* number so far, of exchanges one cell deep and of deep ones */
} HeatBrokenHalo;

/** Leave out every EVERY-th halo exchange of temperatures, and of the increments of rkl2's stages,
 *  from now on, for teaching: the ghost cells keep the values of the exchange before.  The first
 *  exchange of each field is made, so that with every = 1 the ghost cells keep the first values for
 *  ever.
 *  The exchanges of a linear solver, of coefficients and of reports are made.  Not collective, but
 *  equal on all ranks.
 *  @param[in] every  at least 1 */
PetscErrorCode HeatOperatorBreakHalo(HeatOperator *op, PetscInt64 every);

/** Return what has been left out.  Not collective. */
HeatBrokenHalo HeatOperatorBrokenHalo(const HeatOperator *op);

/** Test the halo exchange of an operator with a broken halo exactly: exchange numbers of cells,
 *  with another sign each time, until one is left out by the rule of HeatOperatorBreakHalo or 1001
 *  are made, and count the ghost values that are not the number of their cell.  Collective.
 *  @param[out] wrong  [HEAT_SIDES] number of wrong values beyond each side of this rank's block
 *  @param[out] of     [HEAT_SIDES] number of values that were compared; 0 at the domain's boundary
 */
PetscErrorCode HeatOperatorTestHalo(HeatOperator *op, PetscInt64 wrong[HEAT_SIDES],
                                    PetscInt64 of[HEAT_SIDES]);

/** Free *op, which may be NULL, and set it to NULL.  Collective. */
PetscErrorCode HeatOperatorDestroy(HeatOperator **op);

#endif
