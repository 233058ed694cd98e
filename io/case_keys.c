/* The table of keys, and the walk that holds a case file against it.
 *
 * The table is the only list of what a case file may contain: the walk refuses what is not in it,
 * --help prints it, and inputs/README.md is tested against it.  A second table names what the
 * contract promises for later versions, so that those keys get a better answer than "unknown".
 *
 * The walk also gives every key its dotted path and remembers its line, which all later messages
 * use.  Paths are matched as patterns: [] for an element of a list, <side> for a side of the
 * domain, <option> for any name at all. */
#include "io/case_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 256, CANDIDATES = 32 };

static const HeatCaseKey keys[] = {
    {"title", "text", "stem of the file", "name of the case, in every record of the run"},

    {"grid.cells", "[nx, ny], whole numbers >= 1", "required", "number of cells in x and y"},
    {"grid.x", "[min, max]", "required", "extent in x [m]"},
    {"grid.y", "[min, max]", "required", "extent in y [m]"},

    {"decomposition.processes", "auto | [px, py]", "auto",
     "blocks in x and y; px*py = number of ranks"},
    {"decomposition.mapping", "node-blocks | linear", "node-blocks",
     "which rank gets which block: a compact rectangle of blocks per node, or row by row"},

    {"materials[].name", "text", "required", "name that regions refer to, unique"},
    {"materials[].conductivity", "number > 0 | [kx, ky]", "required",
     "thermal conductivity [W/(m K)]"},
    {"materials[].density", "number > 0", "required", "density [kg/m3]"},
    {"materials[].specific_heat", "number > 0", "required", "specific heat capacity [J/(kg K)]"},

    {"regions[].shape", "all | rectangle | circle | polygon", "all",
     "what the region covers; the first covers all"},
    {"regions[].x", "[min, max]", "required for rectangle", "extent in x [m]"},
    {"regions[].y", "[min, max]", "required for rectangle", "extent in y [m]"},
    {"regions[].centre", "[x, y]", "required for circle", "centre [m]"},
    {"regions[].radius", "number > 0", "required for circle", "radius [m]"},
    {"regions[].vertices", "[[x, y], ...], at least 3", "required for polygon",
     "corners in order [m]"},
    {"regions[].material", "name of a material", "as painted before", "material of its cells"},
    {"regions[].temperature", "number | expression of x y", "as painted before",
     "initial temperature"},
    {"regions[].source", "number | expression of x y t", "as painted before", "heat source [W/m3]"},

    {"initial.temperature", "number | expression of x y", "0",
     "initial temperature, below the regions' own"},
    {"initial.file", "file name", "none",
     "HDF5 file with the initial temperature, instead of a formula"},
    {"initial.dataset", "name of a dataset", "/temperature", "dataset of initial.file, ny x nx"},
    {"source", "number | expression of x y t", "0",
     "heat source everywhere [W/m3], added to the regions' own"},

    {"boundary.<side>.type", "insulated | temperature | flux | convection | periodic", "insulated",
     "condition on the side: left, right, bottom or top"},
    {"boundary.<side>.value", "number | expression of x y t", "required for temperature, flux",
     "temperature, or flux into the domain [W/m2]"},
    {"boundary.<side>.coefficient", "number >= 0 | expression of x y", "required for convection",
     "heat transfer coefficient [W/(m2 K)]"},
    {"boundary.<side>.ambient", "number | expression of x y t", "required for convection",
     "temperature far from the side"},

    {"time.scheme", "ftcs | backward-euler | crank-nicolson | steady", "required",
     "time integration"},
    {"time.step", "number > 0 | auto", "required unless steady",
     "time step [s]; auto (ftcs): the largest stable one"},
    {"time.end", "number > 0", "this or steps", "simulated time [s], a whole number of steps"},
    {"time.steps", "whole number >= 1", "this or end", "number of time steps"},

    {"solver.tolerance", "number, 0 < tolerance < 1", "1e-10",
     "of a linear solve, relative to its initial residual"},
    {"solver.max_iterations", "whole number >= 1", "10000",
     "of one linear solve; more is a failure, exit code 3"},
    {"solver.preconditioner", "multigrid | name of a PETSc PC", "multigrid",
     "preconditioner of the linear solves"},
    {"solver.face_average", "harmonic | arithmetic", "harmonic",
     "conductivity at a face between two cells"},
    {"solver.reproducible", "true | false", "false", "the same bits of the field on any number of ranks (ftcs)"},
    {"solver.paint", "centre | tealeaf", "centre",
     "which cells a region covers: by their centre, or TeaLeaf's rule"},

    {"output.directory", "folder", "out/ and the stem of the file", "where the run writes"},
    {"output.snapshots.every", "whole number >= 0", "0: none",
     "steps from one snapshot to the next"},
    {"output.snapshots.interval", "number >= 0", "0: none",
     "simulated time from one snapshot to the next [s]"},
    {"output.history.every", "whole number >= 0", "0: about a thousand rows a run",
     "steps from row to row of history.csv"},
    {"output.fields", "list of temperature, conductivity, heat_flux, material, owner",
     "[temperature]", "what a snapshot holds"},
    {"output.probes[].name", "text", "required", "name of a column of probes.csv, unique"},
    {"output.probes[].at", "[x, y]", "required", "place of the probe, in the domain [m]"},
    {"output.temperature_unit", "text", "K", "unit of temperatures in files and labels, e.g. degC"},
    {"output.compression", "none | deflate", "none", "compression of snapshots"},

    {"checkpoint.every", "whole number >= 0", "0: none", "steps from one checkpoint to the next"},
    {"checkpoint.wall_interval", "number >= 0", "0: none",
     "wall time from one checkpoint to the next [s]"},
    {"checkpoint.keep", "whole number >= 1", "2", "newest checkpoints that are kept"},
    {"limits.wall_time", "number >= 0", "0: none",
     "wall time of the run [s]; then a checkpoint and exit code 75"},

    {"check[].quantity",
     "temperature | error_l2 | error_max | integral | heat_flow | energy_balance | minimum | "
     "maximum",
     "required", "what is compared at the end; a failure is exit code 5"},
    {"check[].at", "[x, y]", "required for temperature", "place, in the domain [m]"},
    {"check[].exact", "number | expression of x y t", "required for error_l2, error_max",
     "exact temperature"},
    {"check[].of", "temperature", "temperature", "integrand of integral"},
    {"check[].weight", "none | density | heat_capacity", "none",
     "factor of the integrand of integral"},
    {"check[].side", "left | right | bottom | top", "required for heat_flow",
     "side, heat into the domain counts [W/m]"},
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

static const struct {
  const char *pattern, *what;
} later[] = {
    {"regions[].file", "a map from a file"},
    {"regions[].dataset", "a map from a file"},
    {"regions[].contact_resistance", "contact resistance"},
    {"materials[].contact_resistance", "contact resistance"},
    {"contact_resistance", "contact resistance"},
    {"contact", "contact resistance"},
    {"exchange", "exchange"},
    {"regions[].exchange", "exchange"},
    {"boundary.<side>.table", "a table of boundary values"},
    {"boundary.<side>.emissivity", "radiation"},
    {"time.adaptive", "an error-controlled time step"},
    {"checkpoint.interval", "an interval other than every and wall_interval"},
    {"checkpoint.mtbf", "an interval from the mean time between failures"},
    {"checkpoint.mode", "a choice of mode"},
    {"checkpoint.verify", "a choice of verification (checkpoints are always verified)"},
    {"limits.stall", "a limit on stalling"},
};

const HeatCaseKey *HeatCaseKeys(void) { return keys; }

/* Looking up. */

/* A row is at the pattern, or below it when it goes on with `after`. */
static PetscBool IsKnown(const char *pattern)
{
  const size_t length = strlen(pattern);

  for (const HeatCaseKey *row = keys; row->path; row++) {
    if (strncmp(row->path, pattern, length) == 0 && strchr(".[", row->path[length]))
      return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* The pattern is a mapping (after ".") or a list of mappings (after "[]."). */
static PetscBool HasBelow(const char *pattern, const char *after)
{
  const size_t length = strlen(pattern);

  for (const HeatCaseKey *row = keys; row->path; row++) {
    if (strncmp(row->path, pattern, length) == 0 &&
        strncmp(row->path + length, after, strlen(after)) == 0) {
      return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

static const char *LaterWords(const char *pattern)
{
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(later); i++) {
    if (strcmp(later[i].pattern, pattern) == 0) return later[i].what;
  }
  return NULL;
}

/* The segment of the pattern that a key of the mapping at `parent` stands for. */
static const char *PatternSegment(const char *parent, const char *key)
{
  if (strcmp(parent, "petsc") == 0) return "<option>";
  if (strcmp(parent, "boundary") == 0) {
    for (int side = 0; side < HEAT_SIDES; side++) {
      if (strcmp(key, HeatSideNames[side]) == 0) return "<side>";
    }
  }
  return strpbrk(key, ".[]<>") ? "" : key; /* "" is in no row */
}

/* Unknown keys. */

typedef struct {
  char        storage[CANDIDATES][24];
  const char *names[CANDIDATES + 1]; /* ended by NULL */
  char        list[600];             /* "cells, x, y" */
} Candidates;

/* The keys that the mapping at `parent` may have. */
static void ListCandidates(const char *parent, Candidates *found)
{
  const size_t length = strlen(parent), skip = length ? length + 1 : 0;
  int          count = 0;
  size_t       used  = 0;

  if (strcmp(parent, "boundary") == 0) {
    for (; count < HEAT_SIDES; count++)
      snprintf(found->storage[count], 24, "%s", HeatSideNames[count]);
  } else {
    for (const HeatCaseKey *row = keys; row->path && count < CANDIDATES; row++) {
      if (strncmp(row->path, parent, length) != 0 || (length && row->path[length] != '.')) continue;
      const char *name = row->path + skip;
      const int   n    = (int)strcspn(name, ".[");

      if (count && strncmp(found->storage[count - 1], name, (size_t)n) == 0 &&
          !found->storage[count - 1][n])
        continue;
      snprintf(found->storage[count++], 24, "%.*s", n, name);
    }
  }
  found->list[0] = '\0';
  for (int i = 0; i < count && used < sizeof found->list; i++) {
    found->names[i] = found->storage[i];
    used += (size_t)snprintf(found->list + used, sizeof found->list - used, "%s%s", i ? ", " : "",
                             found->storage[i]);
  }
  found->names[count] = NULL;
}

static PetscErrorCode RaiseUnknown(const HeatReader *r, const HeatYamlNode *node,
                                   const char *parent)
{
  Candidates candidates;
  char       suggestion[64];

  PetscFunctionBeginUser;
  ListCandidates(parent, &candidates);
  HeatReaderCheck(!strpbrk(node->key, ".["), r, node,
                  "unknown key; keys are nested in a case file (a: {b: 1}), dotted only in --set");
  HeatReaderSuggest(node->key, candidates.names, suggestion, sizeof suggestion);
  HeatReaderCheck(PETSC_FALSE, r, node, "unknown key%s%s %s", suggestion,
                  suggestion[0] ? " Known here:" : "; known here:", candidates.list);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The walk. */

static PetscErrorCode Walk(const HeatReader *r, HeatYamlNode *node, const char *pattern,
                           const char *path);

static PetscErrorCode WalkMember(const HeatReader *r, HeatYamlNode *map, HeatYamlNode *node,
                                 const char *parent, const char *parent_path)
{
  const char *dot = parent[0] ? "." : "";
  char        pattern[PATH], path[PATH];

  PetscFunctionBeginUser;
  snprintf(pattern, sizeof pattern, "%s%s%s", parent, dot, PatternSegment(parent, node->key));
  snprintf(path, sizeof path, "%s%s%.60s", parent_path, dot, node->key);
  PetscCall(HeatCaseAddWhere(r->c, path, node->line));
  node->path = r->c->where[r->c->n_where - 1].path;

  const char *words = LaterWords(pattern);
  HeatReaderCheck(!words, r, node, "%s is not available in this version; remove the key", words);
  if (!IsKnown(pattern)) PetscCall(RaiseUnknown(r, node, parent));
  for (HeatYamlNode *other = map->first; other != node && strcmp(parent, "petsc") != 0;
       other               = other->next) {
    if (strcmp(other->key, node->key) == 0) PetscCall(HeatReaderRaiseRepeated(r, node, other));
  }
  HeatReaderCheck(
      strcmp(pattern, "boundary.<side>") != 0 || node->kind != HEAT_YAML_LIST, r, node,
      "a list of segments is not available in this version; give the side one condition, "
      "{type: ...}");
  PetscCall(Walk(r, node, pattern, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Goes down only where the table does: what has another shape is left to the typed readers. */
static PetscErrorCode Walk(const HeatReader *r, HeatYamlNode *node, const char *pattern,
                           const char *path)
{
  char     below[PATH], element[PATH];
  PetscInt i = 0;

  PetscFunctionBeginUser;
  if (node->kind == HEAT_YAML_MAP && (!pattern[0] || HasBelow(pattern, "."))) {
    for (HeatYamlNode *child = node->first; child; child = child->next) {
      PetscCall(WalkMember(r, node, child, pattern, path));
    }
  } else if (node->kind == HEAT_YAML_LIST && HasBelow(pattern, "[].")) {
    snprintf(below, sizeof below, "%s[]", pattern);
    for (HeatYamlNode *child = node->first; child; child = child->next, i++) {
      snprintf(element, sizeof element, "%s[%" PetscInt_FMT "]", path, i);
      PetscCall(HeatCaseAddWhere(r->c, element, child->line));
      child->path = r->c->where[r->c->n_where - 1].path;
      PetscCall(HeatReadMap(r, child));
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
  PetscCall(HeatReadMap(r, root));
  PetscCall(Walk(r, root, "", ""));
  PetscFunctionReturn(PETSC_SUCCESS);
}
