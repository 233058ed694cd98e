/** The table of keys, and the check of a case file against it.
 *
 *  The table is the only list of what a case file may contain: the check refuses all other keys,
 *  --help prints the table, and a test compares inputs/README.md with it.
 *
 *  The check walks down the tree and builds two texts for each key.  The path is the key as the
 *  user writes it; it is stored in the node and, with the line, in the case, for all later
 *  messages.  The pattern is the path in the form of the table:
 *
 *    path     boundary.top[1].type     regions[2].shape     petsc.ksp_type
 *    pattern  boundary.<side>.type     regions[].shape      petsc.<option>
 *
 *  A side is one mapping or a list of mappings; both have the same pattern, without [], so that the
 *  table lists each key of a side once.
 */
#include "io/case_file/case_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/case_file/case_reader.h"

/* Chosen.  A path or pattern that is longer than PATH_BYTES, or a known name longer than NAME_BYTES
 * [both bytes], would be truncated in messages; a mapping with more than MOST_CANDIDATES known keys
 * would list only the first ones. */
enum { PATH_BYTES = 256, NAME_BYTES = 24, MOST_CANDIDATES = 32 };

static const HeatCaseKey keys[] = {
    {"title", "text", "stem of the file", "name of the case, in every record of the run"},

    {"grid.cells", "[nx, ny], whole numbers >= 1", "required", "number of cells in x and y"},
    {"grid.x", "[min, max]", "required", "extent in x [m]"},
    {"grid.y", "[min, max]", "required", "extent in y [m]"},

    {"decomposition.processes", "auto | [px, py]", "auto",
     "blocks in x and y; px*py = number of ranks"},
    {"decomposition.mapping", "node-blocks | linear", "node-blocks",
     "which rank gets which block: a compact rectangle of blocks per node, or row by row"},

    {"decomposition.weights", "[speed of each rank, ...] | {HOST: speed, ...} | measure", "equal",
     "relative speeds of the ranks, by which their blocks get unequal numbers of cells"},
    {"decomposition.weights.<host>", "number > 0", "1", "relative speed of each rank of a host"},

    {"materials[].name", "text", "required", "name that regions refer to, unique"},
    {"materials[].conductivity", "number > 0 | expression of x y T | [kx, ky] of those", "required",
     "thermal conductivity [W/(m K)]"},
    {"materials[].density", "number > 0", "required", "density [kg/m3]"},
    {"materials[].specific_heat", "number > 0", "required", "specific heat capacity [J/(kg K)]"},

    {"properties.<property>.file", "file name", "none",
     "HDF5 file with the conductivity, conductivity_x, conductivity_y, density or specific_heat of "
     "each cell"},
    {"properties.<property>.dataset", "name of a dataset", "/ and the name of the property",
     "dataset of the file, ny x nx"},

    {"contacts[].between", "[a, b], names of two materials", "required",
     "materials with a contact resistance wherever their cells touch"},
    {"contacts[].resistance", "number >= 0", "required", "contact resistance [m2 K/W]"},

    {"regions[].name", "text", "none", "name that checks and results refer to, unique"},
    {"regions[].shape", "all | rectangle | circle | polygon", "all",
     "shape of the region; the first region covers the whole domain"},
    {"regions[].x", "[min, max]", "required for rectangle", "extent in x [m]"},
    {"regions[].y", "[min, max]", "required for rectangle", "extent in y [m]"},
    {"regions[].centre", "[x, y]", "required for circle", "centre [m]"},
    {"regions[].radius", "number > 0", "required for circle", "radius [m]"},
    {"regions[].vertices", "[[x, y], ...], at least 3", "required for polygon",
     "corners in order [m]"},
    {"regions[].file", "file name", "none",
     "HDF5 file with a material number for each cell, instead of a shape and a material"},
    {"regions[].dataset", "name of a dataset", "/material",
     "dataset of regions[].file, whole numbers, ny x nx; a negative one leaves the cell out"},
    {"regions[].material", "name of a material", "as painted before", "material of its cells"},
    {"regions[].temperature", "number | expression of x y", "as painted before",
     "initial temperature"},
    {"regions[].source", "number | expression of x y t T", "as painted before",
     "heat source [W/m3]"},
    {"regions[].power", "number | expression of t", "as painted before",
     "heat that the region releases in all [W/m], on any grid, instead of source"},

    {"initial.temperature", "number | expression of x y",
     "required unless steady, or regions give it everywhere",
     "initial temperature, where no region gives another"},
    {"initial.file", "file name", "none",
     "HDF5 file with the initial temperature, instead of a formula: also a snapshot or checkpoint"},
    {"initial.dataset", "name of a dataset", "/temperature", "dataset of initial.file, ny x nx"},
    {"source", "number | expression of x y t T", "0",
     "heat source everywhere [W/m3], added to the regions' own"},
    {"exchange.coefficient", "number >= 0 | expression of x y", "none",
     "heat lost through the faces above and below, per volume and kelvin [W/(m3 K)]"},
    {"exchange.ambient", "number | expression of x y t", "required with coefficient",
     "temperature above and below"},

    {"boundary.<side>.type", "insulated | temperature | flux | convection | radiation | periodic",
     "insulated",
     "condition on the side (left, right, bottom or top), or on a segment of it: boundary.top[1]"},
    {"boundary.<side>.to", "number", "the end of the side",
     "where the segment ends, along the side [m]; segments go from low to high coordinate"},
    {"boundary.<side>.value", "number | expression of x y t", "this or table for temperature, flux",
     "temperature, or flux into the domain [W/m2]"},
    {"boundary.<side>.coefficient", "number >= 0 | expression of x y", "required for convection",
     "heat transfer coefficient [W/(m2 K)]"},
    {"boundary.<side>.emissivity", "number, 0 to 1 | expression of x y", "required for radiation",
     "emissivity of the surface"},
    {"boundary.<side>.ambient", "number | expression of x y t",
     "this or table for convection, radiation", "temperature far from the side"},
    {"boundary.<side>.table", "file name", "none",
     "CSV file of time [s] and value (or ambient), linear between the times"},

    {"time.scheme",
     "ftcs | rkl2 | backward-euler | crank-nicolson | bdf2 | esdirk | steady | ts:TYPE", "required",
     "time integration; ts: one of PETSc's TS by its name"},
    {"time.step", "number > 0 | auto", "required unless steady or adaptive",
     "time step [s]; auto: the largest stable one (ftcs, rkl2), an error-controlled one (bdf2, "
     "esdirk, ts)"},
    {"time.end", "number > 0", "this or steps", "simulated time [s]; the last step is shortened"},
    {"time.steps", "whole number >= 1", "this or end", "number of time steps"},
    {"time.adaptive.tolerance", "number > 0", "none: fixed steps; 1e-4 with step: auto",
     "error of a step, relative to the spread of the temperature (bdf2, esdirk, ts)"},
    {"time.adaptive.min_step", "number > 0", "none", "least step [s]"},
    {"time.adaptive.max_step", "number > 0", "none", "largest step [s]"},
    {"time.adaptive.absolute", "number > 0", "from the temperatures of the case",
     "least tolerated error of a step [K], for fields that are almost uniform"},
    {"time.events", "[t, ...]", "none",
     "times that no step spans [s], besides those of tables and of switches found in expressions"},

    {"solver.tolerance", "number, 0 < tolerance < 1", "1e-10",
     "residual at which a linear solve ends, relative to its initial residual"},
    {"solver.max_iterations", "whole number >= 1", "10000",
     "iterations of one linear solve; more is a failure, exit code 3"},
    {"solver.max_newton", "whole number >= 1", "50",
     "Newton iterations of one non-linear solve; more is a failure, exit code 3"},
    {"solver.preconditioner", "multigrid | name of a PETSc PC", "multigrid",
     "preconditioner of the linear solves: heat2d's multigrid, or one of PETSc's"},
    {"solver.face_average", "harmonic | arithmetic", "harmonic",
     "conductivity at a face between two cells"},
    {"solver.reproducible", "true | false", "false",
     "the same bits of the field on any number of ranks, whatever the problem"},
    {"solver.paint", "centre | tealeaf", "centre",
     "which cells a region covers: by their centre, or TeaLeaf's rule"},
    {"solver.empty_regions", "refuse | allow", "refuse",
     "what to do with regions, segments and pairs of materials that have no effect on the grid"},

    {"output.directory", "folder", "out/ and the stem of the file", "where the run writes"},
    {"output.snapshots.every", "whole number >= 0", "0: none",
     "steps from one snapshot to the next"},
    {"output.snapshots.interval", "number >= 0", "0: none",
     "simulated time from one snapshot to the next [s]"},
    {"output.history.every", "whole number >= 0", "0: about a thousand rows a run",
     "steps from row to row of history.csv"},
    {"output.history.interval", "number >= 0", "0: by steps",
     "simulated time from row to row of history.csv, hit exactly [s]"},
    {"output.fields", "list of temperature, conductivity, heat_flux, material, owner",
     "[temperature]", "fields in each snapshot"},
    {"output.probes[].name", "text", "required", "name of a column of probes.csv, unique"},
    {"output.probes[].at", "[x, y]", "required", "place of the probe, in the domain [m]"},
    {"output.profiles[].name", "text", "required", "name of profile_NAME.csv, unique"},
    {"output.profiles[].from", "[x, y]", "required", "start of a straight line, in the domain [m]"},
    {"output.profiles[].to", "[x, y]", "required", "end of the line, in the domain [m]"},
    {"output.profiles[].points", "whole number >= 2", "101",
     "equidistant places on the line, both ends included"},
    {"output.interfaces", "list of [from, to], names of materials", "none",
     "pairs of materials between which the heat flow is recorded [W/m]"},
    {"output.hints", "names=values, blanks between them", "none",
     "hints for MPI-IO, such as striping_factor=8; results.json lists the hints in force"},
    {"output.alignment", "multiple of 8, <= 2^30", "4096",
     "large datasets begin at multiples of this offset in a file, such as the stripe of a parallel "
     "file system [bytes]"},
    {"output.writers", "auto | all | {per_node: N}", "auto",
     "ranks that open the files of snapshots and checkpoints; auto: all up to 4096 ranks, then "
     "some "
     "of each node"},
    {"output.writers.per_node", "whole number >= 1", "by the rule of output.writers",
     "number of writers on each node; the other ranks send them their cells"},
    {"output.temperature_unit", "text", "K",
     "unit of temperatures in files and labels, e.g. degC; radiation needs K"},
    {"output.compression", "none | deflate", "none", "compression of snapshots"},

    {"checkpoint.every", "whole number >= 0", "0: none", "steps from one checkpoint to the next"},
    {"checkpoint.wall_interval", "number >= 0", "0: none",
     "wall time from one checkpoint to the next [s]"},
    {"checkpoint.keep", "whole number >= 1", "2", "newest checkpoints that are kept"},
    {"checkpoint.keep_every", "whole number >= 0", "0: no others",
     "checkpoints whose step is a multiple of this are kept for ever"},
    {"checkpoint.interval", "daly", "none",
     "wall time between checkpoints by Daly's formula, from their measured cost and mtbf"},
    {"checkpoint.mtbf", "number > 0", "required with interval",
     "mean time between failures of the whole job [s]"},
    {"checkpoint.mode", "sync | async", "sync",
     "sync: the run waits until a checkpoint is on the disk; async: it continues while a thread "
     "writes a copy"},
    {"checkpoint.verify", "none | sample | full", "full",
     "rows of a checkpoint that are read back before it gets its name: none, some, or all"},
    {"checkpoint.probe", "true | false", "false",
     "before the first checkpoint a plain file of its size is written and read, as a measure"},
    {"limits.wall_time", "number >= 0", "0: none",
     "wall time of the run [s]; then a checkpoint and exit code 75"},
    {"limits.stall", "number >= 0", "0: none",
     "time without progress of a rank [s]; then the job is ended, exit code 76"},
    {"limits.slurm", "true | false", "true",
     "in a Slurm job, treat the end of the job as a limit of the wall time; the earlier limit "
     "counts"},
    {"limits.balance", "auto | number >= 0", "auto",
     "error of the energy balance, relative to the heat turned over, that shows a corrupted state; "
     "0: no test"},
    {"limits.extremes", "true | false", "true",
     "treat a state as corrupted when temperatures lie far outside the range that can be reached"},
    {"limits.memory", "check | ignore", "check",
     "refuse a run that needs more memory than a rank or a node has; ignore: run without this "
     "test"},

    {"check[].quantity",
     "temperature | error_l2 | error_max | integral | heat_flow | energy_balance | minimum | "
     "maximum | mean",
     "required", "quantity that is compared at the end; a failure is exit code 5"},
    {"check[].at", "[x, y]", "required for temperature", "place, in the domain [m]"},
    {"check[].exact", "number | expression of x y t", "required for error_l2, error_max",
     "exact temperature, a number in every cell at the end"},
    {"check[].of", "temperature", "temperature", "integrand of integral"},
    {"check[].weight", "none | density | heat_capacity", "none",
     "factor of the integrand of integral"},
    {"check[].side", "left | right | bottom | top", "this or between for heat_flow",
     "side through which heat flows; heat into the domain is positive [W/m]"},
    {"check[].segment", "whole number >= 0", "all segments", "segment of the side, from 0"},
    {"check[].between", "[from, to], names of two materials", "this or side for heat_flow",
     "materials between which heat flows; heat from the first to the second is positive [W/m]"},
    {"check[].region", "name of a region", "the whole domain",
     "where minimum, maximum and mean are taken"},
    {"check[].value", "number", "required unless below is", "expected value"},
    {"check[].tolerance", "number >= 0", "this or relative, with value",
     "passes when |computed - value| <= tolerance"},
    {"check[].relative", "number >= 0", "this or tolerance, with value",
     "passes when |computed - value| <= relative*|value|"},
    {"check[].below", "number >= 0", "required for error_l2, error_max, energy_balance",
     "passes when computed <= below"},

    {"petsc.<option>", "text | number | nothing", "none",
     "an option of PETSc, without its leading -"},
    {NULL, NULL, NULL, NULL},
};

const HeatCaseKey *HeatCaseKeys(void) { return keys; }

/* Looking up. */

/* Return the table of a reader. */
static const HeatCaseKey *TableOf(const HeatReader *r) { return r->keys ? r->keys : keys; }

/* Return whether the pattern is a key of the table, or a mapping or list that contains one.  strchr
 * also finds the NUL at the end of ".[", so an equal path matches, too. */
static PetscBool IsKnown(const HeatReader *r, const char *pattern)
{
  const size_t length = strlen(pattern);

  for (const HeatCaseKey *row = TableOf(r); row->path; row++) {
    if (strncmp(row->path, pattern, length) == 0 && strchr(".[", row->path[length]))
      return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Return whether the table has keys below the pattern: those of a mapping for `after` = ".", of a
 * list of mappings for `after` = "[].". */
static PetscBool HasBelow(const HeatReader *r, const char *pattern, const char *after)
{
  const size_t length = strlen(pattern);

  for (const HeatCaseKey *row = TableOf(r); row->path; row++) {
    if (strncmp(row->path, pattern, length) == 0 &&
        strncmp(row->path + length, after, strlen(after)) == 0) {
      return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

/* Mappings whose keys are the names of an enumeration, and the mark that stands for such a key in
 * the patterns of the table. */
static const struct {
  const char        *parent, *pattern;
  const char *const *names;
  int                count;
} families[] = {{"boundary", "<side>", HeatSideNames, HEAT_SIDES},
                {"properties", "<property>", HeatPropertyNames, HEAT_PROPERTIES}};

/* Return the form that a key of the mapping with the pattern `parent` has in the patterns of the
 * table.  A key that contains a character of the table's notation gets "", which is in no row. */
static const char *PatternSegment(const char *parent, const char *key)
{
  if (strcmp(parent, "petsc") == 0) return "<option>";
  if (strcmp(parent, "decomposition.weights") == 0) return "<host>";
  for (size_t f = 0; f < PETSC_STATIC_ARRAY_LENGTH(families); f++) {
    if (strcmp(parent, families[f].parent) != 0) continue;
    for (int i = 0; i < families[f].count; i++) {
      if (strcmp(key, families[f].names[i]) == 0) return families[f].pattern;
    }
  }
  return strpbrk(key, ".[]<>") ? "" : key;
}

/* Unknown keys. */

/* The keys that a mapping may have, for a message. */
typedef struct {
  char        storage[MOST_CANDIDATES][NAME_BYTES];
  const char *names[MOST_CANDIDATES + 1]; /* ended by NULL */
  char        list[600];                  /* "cells, x, y"; a longer one is truncated */
} Candidates;

/* List the keys that the mapping with the pattern `parent` may have: the names of an enumeration
 * and the keys in the table.  Rows that begin with the same key stand together in the table, so
 * comparing a key with the last one found removes repetitions. */
static void ListCandidates(const HeatReader *r, const char *parent, Candidates *found)
{
  const size_t length = strlen(parent), skip = length ? length + 1 : 0;
  int          count = 0;
  size_t       used  = 0;

  for (size_t f = 0; f < PETSC_STATIC_ARRAY_LENGTH(families); f++) {
    if (strcmp(parent, families[f].parent) != 0) continue;
    for (; count < families[f].count; count++)
      snprintf(found->storage[count], NAME_BYTES, "%s", families[f].names[count]);
  }
  for (const HeatCaseKey *row = TableOf(r); row->path && count < MOST_CANDIDATES; row++) {
    if (strncmp(row->path, parent, length) != 0 || (length && row->path[length] != '.')) continue;
    const char *name = row->path + skip;
    const int   n    = (int)strcspn(name, ".[");

    if (name[0] == '<' || (count && strncmp(found->storage[count - 1], name, (size_t)n) == 0 &&
                           !found->storage[count - 1][n]))
      continue;
    snprintf(found->storage[count++], NAME_BYTES, "%.*s", n, name);
  }
  found->list[0] = '\0';
  for (int i = 0; i < count && used < sizeof found->list; i++) {
    found->names[i] = found->storage[i];
    used += (size_t)snprintf(found->list + used, sizeof found->list - used, "%s%s", i ? ", " : "",
                             found->storage[i]);
  }
  found->names[count] = NULL;
}

/* Raise that a key is unknown, with a suggestion and the known keys. */
static PetscErrorCode RaiseUnknown(const HeatReader *r, const HeatYamlNode *node,
                                   const char *parent)
{
  Candidates candidates;
  char       suggestion[64];

  PetscFunctionBeginUser;
  ListCandidates(r, parent, &candidates);
  HeatReaderCheck(!strpbrk(node->key, ".["), r, node,
                  "unknown key; keys are nested in a file (a: {b: 1}), dotted only in --set");
  HeatReaderCheck(!node->key[0] || strspn(node->key, "0123456789") != strlen(node->key) ||
                      !HeatReaderIsNull(node),
                  r, node, "found a number after a comma; decimals take a point, as in 1.5");
  HeatReaderSuggest(node->key, candidates.names, suggestion, sizeof suggestion);
  HeatReaderCheck(PETSC_FALSE, r, node, "unknown key%s%s %s", suggestion,
                  suggestion[0] ? " Known here:" : "; known here:", candidates.list);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The walk down the tree. */

static PetscErrorCode Walk(const HeatReader *r, HeatYamlNode *node, const char *pattern,
                           const char *path);

/* A member of a mapping and its place among the members. */
typedef struct {
  const HeatYamlNode *node;
  PetscInt            place;
} Member;

/* Compare two members by their keys, equal keys by their places. */
static int CompareMembers(const void *a, const void *b)
{
  const Member *s = a, *t = b;
  const int     order = strcmp(s->node->key, t->node->key);

  return order ? order : (s->place > t->place) - (s->place < t->place);
}

/* Find the first member of a mapping whose key an earlier member has, and the first member with
 * that key; both NULL if there is none.  The members are sorted, since a mapping may hold a host
 * for each node of a large machine. */
static PetscErrorCode FindRepeated(const HeatYamlNode *map, const HeatYamlNode **again,
                                   const HeatYamlNode **earlier)
{
  PetscInt n = 0, first = map->count, from = 0; /* `from`: the first of the members of one key */
  Member  *members;

  PetscFunctionBeginUser;
  *again = *earlier = NULL;
  PetscCall(PetscMalloc1(map->count, &members));
  for (const HeatYamlNode *node = map->first; node; node = node->next, n++)
    members[n] = (Member){node, n};
  if (n > 1) qsort(members, (size_t)n, sizeof *members, CompareMembers);
  for (PetscInt i = 1; i < n; i++) {
    if (strcmp(members[i].node->key, members[from].node->key) != 0) from = i;
    if (from == i || members[i].place >= first) continue;
    first    = members[i].place;
    *again   = members[i].node;
    *earlier = members[from].node;
  }
  PetscCall(PetscFree(members));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check one member of a mapping and all below it.  `parent` is the pattern of the mapping,
 * `parent_path` its path; `earlier` has the same key, or is NULL. */
static PetscErrorCode WalkMember(const HeatReader *r, const HeatYamlNode *earlier,
                                 HeatYamlNode *node, const char *parent, const char *parent_path)
{
  const char *dot = parent[0] ? "." : "";
  char        pattern[PATH_BYTES], path[PATH_BYTES];

  PetscFunctionBeginUser;
  snprintf(pattern, sizeof pattern, "%s%s%s", parent, dot, PatternSegment(parent, node->key));
  snprintf(path, sizeof path, "%s%s%.60s", parent_path, dot, node->key);
  PetscCall(HeatCaseAddWhere(r->c, path, node->line));
  node->path = r->c->where[r->c->n_where - 1].path;
  if (!IsKnown(r, pattern)) PetscCall(RaiseUnknown(r, node, parent));
  if (earlier) PetscCall(HeatReaderRaiseRepeated(r, node, earlier));
  PetscCall(Walk(r, node, pattern, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the members of a mapping, or of the mappings of a list, if the table has keys below the
 * pattern.  A node of any other form is left to the typed readers, which report its type. */
static PetscErrorCode Walk(const HeatReader *r, HeatYamlNode *node, const char *pattern,
                           const char *path)
{
  const PetscBool     is_side = (PetscBool)(strcmp(pattern, "boundary.<side>") == 0);
  const HeatYamlNode *again = NULL, *earlier = NULL;
  char                below[PATH_BYTES], element[PATH_BYTES];
  PetscInt            i = 0;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_MAP && (!pattern[0] || HasBelow(r, pattern, "."))) {
    if (strcmp(pattern, "petsc") != 0) PetscCall(FindRepeated(node, &again, &earlier));
    for (HeatYamlNode *child = node->first; child; child = child->next) {
      PetscCall(WalkMember(r, child == again ? earlier : NULL, child, pattern, path));
    }
  } else if (node->kind == HEAT_YAML_LIST && (is_side || HasBelow(r, pattern, "[]."))) {
    snprintf(below, sizeof below, "%s%s", pattern, is_side ? "" : "[]");
    for (HeatYamlNode *child = node->first; child; child = child->next, i++) {
      snprintf(element, sizeof element, "%s[%" PetscInt_FMT "]", path, i);
      PetscCall(HeatCaseAddWhere(r->c, element, child->line));
      child->path = r->c->where[r->c->n_where - 1].path;
      PetscCall(HeatReaderCheckMap(r, child));
      PetscCall(Walk(r, child, below, element));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReaderCheckKeys(const HeatReader *r, HeatYamlNode *root)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCaseAddWhere(r->c, "", root->line));
  root->path = r->c->where[0].path;
  PetscCall(HeatReaderCheckMap(r, root));
  PetscCall(Walk(r, root, "", ""));
  PetscFunctionReturn(PETSC_SUCCESS);
}
