/** The key `decomposition.weights` of a case file: a list of speeds, a mapping of hosts to speeds,
 *  or the word measure.
 *
 *  The forms and the numbers are checked here.  Whether the list has a speed for each rank is
 *  checked by HeatCaseValidate, and whether the hosts are those of the job by HeatGridCreate.
 */
#include <stdio.h>

#include "io/case_file/case_file.h"
#include "io/case_file/case_reader.h"

/* [bytes] Text of a speed in the effective case, with the comma and the blank before it.  Chosen:
   %g takes at most 13 characters. */
enum { SPEED_BYTES = 24 };

/* Largest ratio of two speeds.  Chosen: far beyond the ratio of an accelerator to a core; a larger
   one is a mistake. */
#define MOST_RATIO 1e6

/* Check that no speed is more than MOST_RATIO times another one. */
static PetscErrorCode CheckRatio(const HeatReader *r, const HeatYamlNode *node)
{
  const PetscReal *speed = r->c->decomposition.speeds;
  PetscReal        low = PETSC_MAX_REAL, high = 0.0;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < r->c->decomposition.n_speeds; i++) {
    low  = PetscMin(low, speed[i]);
    high = PetscMax(high, speed[i]);
  }
  HeatReaderCheck(high <= MOST_RATIO * low, r, node,
                  "found speeds from %g to %g; the fastest rank may be at most %g times as fast as "
                  "the slowest: leave slower ones out of the job",
                  (double)low, (double)high, MOST_RATIO);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the speeds of the list or mapping `node`, and the names of the hosts of a mapping. */
static PetscErrorCode ReadSpeeds(const HeatReader *r, const HeatYamlNode *node)
{
  const PetscBool hosts = (PetscBool)(node->kind == HEAT_YAML_MAP);
  HeatCase       *c     = r->c;
  char            path[HEAT_ELEMENT_PATH_BYTES];
  PetscInt        i = 0;

  PetscFunctionBeginUser;
  HeatReaderCheck(node->first, r, node,
                  "found an empty %s; give a speed for each %s, or leave the key out",
                  hosts ? "mapping" : "list", hosts ? "host" : "rank");
  c->decomposition.weights  = hosts ? HEAT_WEIGHTS_HOSTS : HEAT_WEIGHTS_RANKS;
  c->decomposition.n_speeds = node->count;
  PetscCall(PetscCalloc1(node->count, &c->decomposition.speeds));
  if (hosts) PetscCall(PetscCalloc1(node->count, &c->decomposition.hosts));
  for (const HeatYamlNode *item = node->first; item; item = item->next, i++) {
    const HeatYamlNode element = hosts ? *item : HeatReaderElement(node, item, i, path);

    HeatReaderCheck(!HeatReaderIsNull(item), r, &element,
                    "found nothing; a speed is a number > 0, relative to the other speeds");
    PetscCall(HeatReadReal(r, &element, HEAT_POSITIVE, &c->decomposition.speeds[i]));
    if (hosts) PetscCall(PetscStrallocpy(item->key, &c->decomposition.hosts[i]));
  }
  PetscCall(CheckRatio(r, node));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReadWeights(const HeatReader *r, const HeatYamlNode *node)
{
  char found[HEAT_FOUND_BYTES];

  PetscFunctionBeginUser;
  if (!node) PetscFunctionReturn(PETSC_SUCCESS);
  if (node->kind != HEAT_YAML_SCALAR) {
    PetscCall(ReadSpeeds(r, node));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatReaderCheck(strcmp(node->text, "measure") == 0, r, node,
                  "found %s; it must be a list with the speed of each rank, a mapping of hosts to "
                  "speeds, or measure",
                  HeatReaderDescribe(node, found));
  r->c->decomposition.weights = HEAT_WEIGHTS_MEASURED;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace the word measure in the JSON text of the effective case by the speeds of the case.  The
   quotation marks of the pattern cannot be part of a string, where they would be escaped. */
static PetscErrorCode DescribeSpeeds(HeatCase *c)
{
  static const char pattern[] = "\"weights\": \"measure\"";
  const char       *at        = c->effective ? strstr(c->effective, pattern) : NULL;
  char             *text;
  size_t            size, used;

  PetscFunctionBeginUser;
  if (!at) PetscFunctionReturn(PETSC_SUCCESS);
  size = strlen(c->effective) + (size_t)c->decomposition.n_speeds * SPEED_BYTES + 1;
  PetscCall(PetscMalloc1(size, &text));
  used = (size_t)snprintf(text, size, "%.*s\"weights\": [", (int)(at - c->effective), c->effective);
  for (PetscInt i = 0; i < c->decomposition.n_speeds; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%g", i ? ", " : "",
                             (double)c->decomposition.speeds[i]);
  (void)snprintf(text + used, size - used, "]%s", at + strlen(pattern));
  PetscCall(PetscFree(c->effective));
  PetscCall(PetscStrallocpy(text, &c->effective));
  PetscCall(PetscFree(text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseSetSpeeds(HeatCase *c, PetscInt n, const PetscReal *speeds,
                                 PetscBool describe)
{
  PetscFunctionBeginUser;
  c->decomposition.n_speeds = n;
  PetscCall(PetscMalloc1(n, &c->decomposition.speeds));
  PetscCall(PetscArraycpy(c->decomposition.speeds, speeds, n));
  if (describe) PetscCall(DescribeSpeeds(c));
  PetscFunctionReturn(PETSC_SUCCESS);
}
