/** Rules for the sections `output`, `checkpoint` and `limits`. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "solver/base/number_text.h"
#include "solver/case/case_validate.h"

/* Probes. */

/* A probe's name becomes the header of a column of probes.csv, so it must not need quotes in a CSV
   file or repeat the names of the first two columns, step and time. */
static PetscErrorCode CheckProbeName(const HeatValidation *k, const char *path, const char *name)
{
  PetscFunctionBeginUser;
  HeatCaseCheckKey(name && name[0], k->comm, k->c, path, "a probe needs a name");
  PetscCall(HeatValidateName(k, path, name));
  HeatCaseCheckKey(!strchr("=+-@", name[0]), k->comm, k->c, path,
                   "'%.60s' begins with '%c', which spreadsheets take for the start of a formula; "
                   "the name heads a column of probes.csv: begin it with a letter",
                   name, name[0]);
  for (const char *s = name; *s; s++) {
    HeatCaseCheckKey(
        *s != ',' && *s != '"', k->comm, k->c, path,
        "'%.60s' holds a comma or a quote; the name heads a column of probes.csv: use letters, "
        "digits, _ and -",
        name);
  }
  HeatCaseCheckKey(strcmp(name, "step") != 0 && strcmp(name, "time") != 0, k->comm, k->c, path,
                   "'%s' is the name of another column of probes.csv; choose another", name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateProbes(const HeatValidation *k)
{
  const PetscInt n = k->c->output.n_probes;
  HeatNames      names;
  PetscErrorCode code;
  char           path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) {
    HeatProbe *probe = &k->c->output.probes[i];

    snprintf(path, sizeof path, "output.probes[%" PetscInt_FMT "].name", i);
    PetscCall(CheckProbeName(k, path, probe->name));
    snprintf(path, sizeof path, "output.probes[%" PetscInt_FMT "].at", i);
    PetscCall(HeatValidatePlace(k, path, probe->at));
  }
  PetscCall(HeatNamesCreate(n, &names));
  for (PetscInt i = 0; i < n; i++) HeatNamesAdd(&names, k->c->output.probes[i].name, i);
  code = HeatValidateUnique(k, "output.probes", &names);
  PetscCall(HeatNamesDestroy(&names));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Profiles and interfaces. */

/* A profile's name becomes part of a file name, profile_NAME.csv. */
static PetscErrorCode CheckProfileName(const HeatValidation *k, const char *path, const char *name)
{
  /* Characters.  Chosen, well below the 255 bytes that file systems allow for a file name, here
     profile_NAME.csv. */
  enum { LONGEST = 100 };

  PetscFunctionBeginUser;
  HeatCaseCheckKey(name && name[0], k->comm, k->c, path, "a profile needs a name");
  HeatCaseCheckKey(strlen(name) <= LONGEST, k->comm, k->c, path,
                   "found %zu characters; at most %d are possible in the name of a file",
                   strlen(name), LONGEST);
  for (const char *s = name; *s; s++) {
    HeatCaseCheckKey(isalnum((unsigned char)*s) || strchr("_-.", *s), k->comm, k->c, path,
                     "'%.60s' becomes part of the name of a file, profile_NAME.csv: use letters, "
                     "digits, _, - and .",
                     name);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateProfile(const HeatValidation *k, PetscInt i)
{
  /* Points.  Chosen, to refuse mistyped numbers: each point is a row of a CSV file. */
  enum { MOST = 1000000 };
  HeatProfile *p = &k->c->output.profiles[i];
  char         path[HEAT_KEY_PATH];

  PetscFunctionBeginUser;
  snprintf(path, sizeof path, "output.profiles[%" PetscInt_FMT "].name", i);
  PetscCall(CheckProfileName(k, path, p->name));
  snprintf(path, sizeof path, "output.profiles[%" PetscInt_FMT "].from", i);
  PetscCall(HeatValidatePlace(k, path, p->from));
  snprintf(path, sizeof path, "output.profiles[%" PetscInt_FMT "].to", i);
  PetscCall(HeatValidatePlace(k, path, p->to));
  HeatCaseCheckKey(p->from[0] != p->to[0] || p->from[1] != p->to[1], k->comm, k->c, path,
                   "found [%s, %s], where the line begins; give it a length", HeatNumber(p->to[0]),
                   HeatNumber(p->to[1]));
  snprintf(path, sizeof path, "output.profiles[%" PetscInt_FMT "].points", i);
  HeatCaseCheckKey(p->points >= 2 && p->points <= MOST, k->comm, k->c, path,
                   "found %" PetscInt_FMT "; it must be 2 to %d", p->points, MOST);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateProfiles(const HeatValidation *k)
{
  const PetscInt n = k->c->output.n_profiles;
  HeatNames      names;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) PetscCall(ValidateProfile(k, i));
  PetscCall(HeatNamesCreate(n, &names));
  for (PetscInt i = 0; i < n; i++) HeatNamesAdd(&names, k->c->output.profiles[i].name, i);
  code = HeatValidateUnique(k, "output.profiles", &names);
  PetscCall(HeatNamesDestroy(&names));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check pairs of materials.  A pair may be given twice, once in each direction, since the two flows
   have opposite signs. */
static PetscErrorCode ValidateInterfaces(const HeatValidation *k)
{
  const PetscInt n = k->c->output.n_interfaces;
  PetscInt       duplicate, original;
  char           path[HEAT_KEY_PATH];
  HeatPair      *pairs;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &pairs));
  for (PetscInt i = 0; i < n; i++) {
    HeatInterface *interface = &k->c->output.interfaces[i];

    snprintf(path, sizeof path, "output.interfaces[%" PetscInt_FMT "]", i);
    PetscCall(HeatValidatePair(k, path, interface->names, interface->material));
    pairs[i] = (HeatPair){{interface->material[0], interface->material[1]}, i};
  }
  HeatFindEqualPair(n, pairs, &duplicate, &original);
  PetscCall(PetscFree(pairs));
  snprintf(path, sizeof path, "output.interfaces[%" PetscInt_FMT "]", duplicate);
  HeatCaseCheckKey(duplicate < 0, k->comm, k->c, path,
                   "is already output.interfaces[%" PetscInt_FMT "]; keep one", original);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The sections as a whole. */

/* Check the keys that set the wall time between checkpoints. */
static PetscErrorCode ValidateInterval(const HeatValidation *k)
{
  const HeatCase *c = k->c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(!c->checkpoint.daly || c->checkpoint.wall_interval == 0.0, k->comm, c,
                   "checkpoint.interval", "given together with wall_interval; give one of the two");
  HeatCaseCheckKey(!c->checkpoint.daly || c->checkpoint.mtbf > 0.0, k->comm, c,
                   "checkpoint.interval",
                   "daly needs checkpoint.mtbf, the mean time between failures of the job [s]");
  HeatCaseCheckKey(c->checkpoint.daly || c->checkpoint.mtbf == 0.0, k->comm, c, "checkpoint.mtbf",
                   "has no meaning without `interval: daly`; add that, or remove it");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateOutput(const HeatValidation *k)
{
  const HeatCase *c = k->c;
  const struct {
    const char *path;
    PetscReal   value, least;
  } bounds[] = {
      {"output.snapshots.every", (PetscReal)c->output.snapshots_every, 0.0},
      {"output.snapshots.interval", c->output.snapshots_interval, 0.0},
      {"output.history.every", (PetscReal)c->output.history_every, 0.0},
      {"output.history.interval", c->output.history_interval, 0.0},
      {"checkpoint.every", (PetscReal)c->checkpoint.every, 0.0},
      {"checkpoint.wall_interval", c->checkpoint.wall_interval, 0.0},
      {"checkpoint.keep", (PetscReal)c->checkpoint.keep, 1.0},
      {"checkpoint.keep_every", (PetscReal)c->checkpoint.keep_every, 0.0},
      {"checkpoint.mtbf", c->checkpoint.mtbf, 0.0},
      {"limits.wall_time", c->limits.wall_time, 0.0},
      {"limits.stall", c->limits.stall, 0.0},
  };

  PetscFunctionBeginUser;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(bounds); i++) {
    HeatCaseCheckKey(isfinite(bounds[i].value) && bounds[i].value >= bounds[i].least, k->comm, c,
                     bounds[i].path, "found %s; it must be at least %s",
                     HeatNumber(bounds[i].value), HeatNumber(bounds[i].least));
  }
  HeatCaseCheckKey(!(c->output.snapshots_every > 0 && c->output.snapshots_interval > 0.0), k->comm,
                   c, "output.snapshots.interval",
                   "given together with every; give one of the two");
  HeatCaseCheckKey(!(c->output.history_every > 0 && c->output.history_interval > 0.0), k->comm, c,
                   "output.history.interval", "given together with every; give one of the two");
  HeatCaseCheckKey(c->output.directory && c->output.directory[0], k->comm, c, "output.directory",
                   "is empty; name a folder");
  HeatCaseCheckKey(
      !strchr(c->output.directory, ':'), k->comm, c, "output.directory",
      "'%.200s' holds a ':', which parallel file systems' libraries take for the end of "
      "a prefix; name a folder without it",
      c->output.directory);
  HeatCaseCheckKey(c->output.temperature_unit && c->output.temperature_unit[0], k->comm, c,
                   "output.temperature_unit", "is empty; name a unit, e.g. K or degC");
  PetscCall(HeatValidateName(k, "output.directory", c->output.directory));
  PetscCall(HeatValidateName(k, "output.temperature_unit", c->output.temperature_unit));
  PetscCall(ValidateInterval(k));
  PetscCall(ValidateProbes(k));
  PetscCall(ValidateProfiles(k));
  PetscCall(ValidateInterfaces(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}
