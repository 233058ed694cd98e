/** The case as plain data: names of choices, defaults, memory, and the table of the keys' lines.
 *
 *  The rules for a valid case are in case_validate.c.  The table of lines is only appended to, and
 *  it is searched linearly from its end, since that happens only for messages, of which a run
 *  prints a few. */
#include "solver/case/case.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const HeatSideNames[]  = {"left", "right", "bottom", "top", "HeatSide", "HEAT_", NULL};
const char *const HeatShapeNames[] = {"all",       "rectangle",   "circle", "polygon",
                                      "HeatShape", "HEAT_SHAPE_", NULL};
const char *const HeatBoundaryTypeNames[] = {"insulated",        "temperature", "flux",
                                             "convection",       "radiation",   "periodic",
                                             "HeatBoundaryType", "HEAT_BC_",    NULL};
const char *const HeatSchemeNames[] = {"ftcs",         "rkl2",   "backward-euler", "crank-nicolson",
                                       "bdf2",         "esdirk", "steady",         "HeatScheme",
                                       "HEAT_SCHEME_", NULL};
const char *const HeatPropertyNames[] = {
    "conductivity",  "conductivity_x", "conductivity_y", "density",
    "specific_heat", "HeatProperty",   "HEAT_PROPERTY_", NULL};
const char *const HeatFaceAverageNames[]  = {"harmonic", "arithmetic", "HeatFaceAverage",
                                             "HEAT_FACE_", NULL};
const char *const HeatPaintRuleNames[]    = {"centre", "tealeaf", "HeatPaintRule", "HEAT_PAINT_",
                                             NULL};
const char *const HeatEmptyRegionsNames[] = {"refuse", "allow", "HeatEmptyRegions", "HEAT_EMPTY_",
                                             NULL};
const char *const HeatMemoryRuleNames[]   = {"check", "ignore", "HeatMemoryRule", "HEAT_MEMORY_",
                                             NULL};
const char *const HeatMappingNames[]     = {"node-blocks", "linear", "HeatMapping", "HEAT_MAPPING_",
                                            NULL};
const char *const HeatWeightsNames[]     = {"equal",       "ranks",         "hosts", "measured",
                                            "HeatWeights", "HEAT_WEIGHTS_", NULL};
const char *const HeatCompressionNames[] = {"none", "deflate", "HeatCompression",
                                            "HEAT_COMPRESSION_", NULL};
const char *const HeatCheckpointModeNames[] = {"sync", "async", "HeatCheckpointMode",
                                               "HEAT_CHECKPOINT_", NULL};
const char *const HeatReadBackNames[]       = {"none",         "sample",          "full",
                                               "HeatReadBack", "HEAT_READ_BACK_", NULL};
const char *const HeatFieldKindNames[] = {"temperature", "conductivity",  "heat_flux",   "material",
                                          "owner",       "HeatFieldKind", "HEAT_FIELD_", NULL};
const char *const HeatCheckQuantityNames[] = {
    "temperature", "error_l2", "error_max", "integral",          "heat_flow",   "energy_balance",
    "minimum",     "maximum",  "mean",      "HeatCheckQuantity", "HEAT_CHECK_", NULL};
const char *const HeatWeightNames[] = {"none",       "density",      "heat_capacity",
                                       "HeatWeight", "HEAT_WEIGHT_", NULL};

PetscErrorCode HeatCaseCreate(HeatCase **c)
{
  HeatCase *made;

  PetscFunctionBeginUser;
  /* PetscNew fills with zeros, which means: insulated sides, no source, no snapshots and no
   * checkpoints.  A negative value means "not given", for limits.balance "auto".  All defaults are
   * chosen, and inputs/README.md lists them.
   * tolerance: a larger one saves iterations, but the energy account closes only to the tolerance.
   * max_iterations, max_newton: they bound the time that is lost on a solve that does not converge;
   * smaller ones make slow solves fail.
   * keep: if the newest checkpoint is damaged, a restart uses the one before it; keeping more takes
   * more disk space. */
  PetscCall(PetscNew(&made));
  made->grid.x[1] = made->grid.y[1]           = 1.0;
  made->decomposition.mapping                 = HEAT_MAPPING_NODE_BLOCKS;
  made->time.scheme                           = HEAT_SCHEME_BACKWARD_EULER;
  made->time.end                              = -1.0;
  made->time.steps                            = -1;
  made->solver.tolerance                      = 1e-10;
  made->solver.max_iterations                 = 10000;
  made->solver.max_newton                     = 50;
  made->solver.face_average                   = HEAT_FACE_HARMONIC;
  made->solver.paint                          = HEAT_PAINT_CENTRE;
  made->solver.empty_regions                  = HEAT_EMPTY_REFUSE;
  made->output.fields[HEAT_FIELD_TEMPERATURE] = PETSC_TRUE;
  made->output.compression                    = HEAT_COMPRESSION_NONE;
  made->output.alignment                      = HEAT_FILE_ALIGNMENT;
  made->checkpoint.keep                       = 2;
  made->checkpoint.verify                     = HEAT_READ_BACK_FULL;
  made->limits.slurm                          = PETSC_TRUE;
  made->limits.balance                        = -1.0;
  made->limits.extremes                       = PETSC_TRUE;
  for (int side = 0; side < HEAT_SIDES; side++)
    PetscCall(HeatCaseSetSegments(made, (HeatSide)side, 1));
  PetscCall(PetscStrallocpy("multigrid", &made->solver.preconditioner));
  PetscCall(PetscStrallocpy("K", &made->output.temperature_unit));
  *c = made;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FreeDataset(HeatDataset *d)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(d->file));
  PetscCall(PetscFree(d->dataset));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseSetSegments(HeatCase *c, HeatSide side, PetscInt n)
{
  HeatBoundary *b = &c->boundary[side];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->n; k++) {
    HeatSegment *s = &b->segments[k];

    PetscCall(PetscFree(s->value.text));
    PetscCall(PetscFree(s->coefficient.text));
    PetscCall(PetscFree(s->emissivity.text));
    PetscCall(PetscFree(s->ambient.text));
    PetscCall(PetscFree(s->table.file));
    PetscCall(PetscFree(s->table.t));
    PetscCall(PetscFree(s->table.value));
  }
  PetscCall(PetscFree(b->segments));
  PetscCall(PetscCalloc1(n, &b->segments));
  b->n = n;
  for (PetscInt k = 0; k < n; k++) b->segments[k].to = NAN;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroyMaterials(HeatCase *c)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n_materials; i++) {
    PetscCall(PetscFree(c->materials[i].name));
    for (int axis = 0; axis < 2; axis++)
      PetscCall(PetscFree(c->materials[i].conductivity[axis].text));
  }
  for (PetscInt i = 0; i < c->n_contacts; i++) {
    for (int k = 0; k < 2; k++) PetscCall(PetscFree(c->contacts[i].names[k]));
  }
  for (int p = 0; p < HEAT_PROPERTIES; p++) PetscCall(FreeDataset(&c->properties[p]));
  PetscCall(PetscFree(c->materials));
  PetscCall(PetscFree(c->contacts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroyOutput(HeatCase *c)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->output.n_probes; i++) PetscCall(PetscFree(c->output.probes[i].name));
  for (PetscInt i = 0; i < c->output.n_profiles; i++)
    PetscCall(PetscFree(c->output.profiles[i].name));
  for (PetscInt i = 0; i < c->output.n_interfaces; i++) {
    for (int k = 0; k < 2; k++) PetscCall(PetscFree(c->output.interfaces[i].names[k]));
  }
  PetscCall(PetscFree(c->output.probes));
  PetscCall(PetscFree(c->output.profiles));
  PetscCall(PetscFree(c->output.interfaces));
  PetscCall(PetscFree(c->output.hints));
  PetscCall(PetscFree(c->output.directory));
  PetscCall(PetscFree(c->output.temperature_unit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroyLists(HeatCase *c)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->n_regions; i++) {
    PetscCall(PetscFree(c->regions[i].name));
    PetscCall(FreeDataset(&c->regions[i].map));
    PetscCall(PetscFree(c->regions[i].vertices));
    PetscCall(PetscFree(c->regions[i].material_name));
    PetscCall(PetscFree(c->regions[i].temperature.text));
    PetscCall(PetscFree(c->regions[i].source.text));
    PetscCall(PetscFree(c->regions[i].power.text));
  }
  for (PetscInt i = 0; i < c->n_checks; i++) {
    PetscCall(PetscFree(c->checks[i].exact.text));
    PetscCall(PetscFree(c->checks[i].region_name));
    for (int k = 0; k < 2; k++) PetscCall(PetscFree(c->checks[i].between.names[k]));
  }
  for (PetscInt i = 0; i < c->n_petsc; i++) {
    PetscCall(PetscFree(c->petsc[i].key));
    PetscCall(PetscFree(c->petsc[i].value));
  }
  for (PetscInt i = 0; i < c->record.n_options; i++) {
    PetscCall(PetscFree(c->record.options[i].key));
    PetscCall(PetscFree(c->record.options[i].value));
  }
  for (PetscInt i = 0; i < c->n_files; i++) {
    PetscCall(PetscFree(c->files[i].name));
    PetscCall(PetscFree(c->files[i].path));
  }
  for (PetscInt i = 0; i < c->n_where; i++) PetscCall(PetscFree(c->where[i].path));
  PetscCall(PetscFree(c->regions));
  PetscCall(PetscFree(c->checks));
  PetscCall(PetscFree(c->petsc));
  PetscCall(PetscFree(c->files));
  PetscCall(PetscFree(c->record.options));
  PetscCall(PetscFree(c->record.continued));
  PetscCall(PetscFree(c->where));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseDestroy(HeatCase **c)
{
  PetscFunctionBeginUser;
  if (!*c) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(DestroyMaterials(*c));
  PetscCall(DestroyLists(*c));
  PetscCall(DestroyOutput(*c));
  for (int side = 0; side < HEAT_SIDES; side++)
    PetscCall(HeatCaseSetSegments(*c, (HeatSide)side, 0));
  for (PetscInt i = 0; (*c)->decomposition.hosts && i < (*c)->decomposition.n_speeds; i++)
    PetscCall(PetscFree((*c)->decomposition.hosts[i]));
  PetscCall(PetscFree((*c)->decomposition.hosts));
  PetscCall(PetscFree((*c)->decomposition.speeds));
  PetscCall(PetscFree((*c)->file));
  PetscCall(PetscFree((*c)->text));
  PetscCall(PetscFree((*c)->keys));
  PetscCall(PetscFree((*c)->title));
  PetscCall(PetscFree((*c)->effective));
  PetscCall(PetscFree((*c)->initial.temperature.text));
  PetscCall(PetscFree((*c)->initial.file));
  PetscCall(PetscFree((*c)->initial.dataset));
  PetscCall(PetscFree((*c)->source.text));
  PetscCall(PetscFree((*c)->exchange.coefficient.text));
  PetscCall(PetscFree((*c)->exchange.ambient.text));
  PetscCall(PetscFree((*c)->time.ts_type));
  PetscCall(PetscFree((*c)->time.events));
  PetscCall(PetscFree((*c)->solver.preconditioner));
  PetscCall(PetscFree(*c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatCaseCheckInit(HeatCaseCheck *check)
{
  memset(check, 0, sizeof *check);
  check->at[0] = check->at[1] = check->value = NAN;
  check->tolerance = check->relative = check->below = -1.0;
  check->side                                       = HEAT_SIDES;
  check->segment = check->region = -1;
}

PetscBool HeatSchemeControlsError(HeatScheme scheme)
{
  return (PetscBool)(scheme == HEAT_SCHEME_BDF2 || scheme == HEAT_SCHEME_ESDIRK ||
                     scheme == HEAT_SCHEME_TS);
}

/* Widen a range by a formula that is a number. */
static void IncludeNumber(const HeatFormula *formula, PetscReal *low, PetscReal *high)
{
  if (!formula->given || formula->text) return;
  *low  = PetscMin(*low, formula->value);
  *high = PetscMax(*high, formula->value);
}

/* Widen a range by the temperatures of a segment. */
static void IncludeSegment(const HeatSegment *s, PetscReal *low, PetscReal *high)
{
  if (s->type == HEAT_BC_TEMPERATURE) IncludeNumber(&s->value, low, high);
  IncludeNumber(&s->ambient, low, high);
  if (s->type == HEAT_BC_FLUX || !s->table.file) return;
  for (PetscInt k = 0; k < s->table.n; k++) {
    *low  = PetscMin(*low, s->table.value[k]);
    *high = PetscMax(*high, s->table.value[k]);
  }
}

void HeatCaseTemperatureRange(const HeatCase *c, PetscReal *low, PetscReal *high)
{
  *low  = PETSC_MAX_REAL;
  *high = PETSC_MIN_REAL;
  IncludeNumber(&c->initial.temperature, low, high);
  if (c->exchange.coefficient.given) IncludeNumber(&c->exchange.ambient, low, high);
  for (PetscInt k = 0; k < c->n_regions; k++) IncludeNumber(&c->regions[k].temperature, low, high);
  for (int side = 0; side < HEAT_SIDES; side++)
    for (PetscInt k = 0; k < c->boundary[side].n; k++)
      IncludeSegment(&c->boundary[side].segments[k], low, high);
}

const char *HeatCaseSchemeName(const HeatCase *c, char *buffer, size_t size)
{
  if (c->time.scheme == HEAT_SCHEME_TS) snprintf(buffer, size, "ts:%s", c->time.ts_type);
  else snprintf(buffer, size, "%s", HeatSchemeNames[c->time.scheme]);
  return buffer;
}

PetscBool HeatRegionHasSource(const HeatRegion *region)
{
  return (PetscBool)(region->source.given || region->power.given);
}

PetscReal HeatCaseEnd(const HeatCase *c)
{
  if (c->time.scheme == HEAT_SCHEME_STEADY) return 0.0;
  if (c->time.end > 0.0) return c->time.end;
  return c->time.step > 0.0 ? c->time.step * (PetscReal)c->time.steps : INFINITY;
}

PetscBool HeatCaseHasInitial(const HeatCase *c)
{
  if (c->initial.file || c->initial.temperature.given) return PETSC_TRUE;
  for (PetscInt r = 0; r < c->n_regions; r++) {
    if (c->regions[r].temperature.given) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscReal HeatCaseRounding(const PetscReal extent[2])
{
  /* Both factors are chosen.  The first one, some 5000 times the rounding of a double, lets places
     match that were computed from the size of the domain; the second one covers the rounding of
     coordinates far from the origin.  HeatCaseValidate refuses cells narrower than 1000 roundings
     epsilon max|extent|, so that the sum stays below a hundredth of a cell on up to 1e9 cells. */
  return 1e-12 * (extent[1] - extent[0]) +
         4.0 * PETSC_MACHINE_EPSILON * PetscMax(fabs(extent[0]), fabs(extent[1]));
}

/* The table's capacity is the smallest power of two that holds its entries, so that it is enlarged
   when its length is a power of two. */
PetscErrorCode HeatCaseAddWhere(HeatCase *c, const char *path, int line)
{
  const PetscInt n = c->n_where;

  PetscFunctionBeginUser;
  if ((n & (n - 1)) == 0) {
    PetscCall(PetscRealloc((size_t)(n ? 2 * n : 1) * sizeof *c->where, &c->where));
  }
  PetscCall(PetscStrallocpy(path, &c->where[n].path));
  c->where[n].line = line;
  c->n_where       = n + 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the latest entry for the first `length` characters of path, NULL if there is none. */
static const HeatWhere *FindWhere(const HeatCase *c, const char *path, size_t length)
{
  for (PetscInt i = c->n_where - 1; i >= 0; i--) {
    if (strncmp(c->where[i].path, path, length) == 0 && !c->where[i].path[length])
      return &c->where[i];
  }
  return NULL;
}

/* Return the length of the path of the enclosing key: "a[1].b" -> "a[1]" -> "a" -> "". */
static size_t EnclosingLength(const char *path, size_t length)
{
  while (length > 0 && path[length - 1] != '.' && path[length - 1] != '[') length--;
  return length ? length - 1 : 0;
}

const char *HeatCaseLocate(const HeatCase *c, const char *path, char *buffer, size_t size)
{
  const char      *file   = c->file ? c->file : "case";
  size_t           length = strlen(path);
  const HeatWhere *where  = FindWhere(c, path, length);

  while (!where && length > 0) {
    length = EnclosingLength(path, length);
    where  = FindWhere(c, path, length);
  }
  if (!where) snprintf(buffer, size, "%s: ", file);
  else if (where->line == 0) snprintf(buffer, size, "--set: ");
  else snprintf(buffer, size, "%s:%d: ", file, where->line);
  return buffer;
}

PetscErrorCode HeatCaseRaise(MPI_Comm comm, const char *function, const char *file, int line,
                             const HeatCase *c, const char *path, const char *format, ...)
{
  /* Sizes are chosen such that place, path and message fit into the 2000 bytes of HeatRaise. */
  char    message[1400], where[400];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return HeatRaise(comm, function, file, line, HEAT_ERR_INPUT, "%s%s%s%s",
                   HeatCaseLocate(c, path, where, sizeof where), path, path[0] ? ": " : "",
                   message);
}
