/** plan.json (schema "heat2d plan 1"; io/README.md lists its keys). */
#include <math.h>

#include "app/plan/plan.h"
#include "io/file/json.h"

static void PutPlace(HeatJson *parent, const char *key, const HeatPlanTraffic *t, int place)
{
  HeatJson *json = HeatJsonAddObject(parent, key);

  HeatJsonPutNumber(json, "messages", t->messages[place]);
  HeatJsonPutNumber(json, "bytes", t->bytes[place]);
}

static void PutKinds(HeatJson *root, const char *key, const HeatPlanTraffic kinds[])
{
  HeatJson *all = HeatJsonAddObject(root, key);

  for (int k = 0; k < HEAT_TRAFFIC_KINDS; k++) {
    HeatJson *kind = HeatJsonAddObject(all, HeatTrafficNames[k]);

    PutPlace(kind, "within_nodes", &kinds[k], 0);
    PutPlace(kind, "between_nodes", &kinds[k], 1);
    HeatJsonPutNumber(kind, "collectives", kinds[k].collectives);
  }
}

static void PutDecomposition(HeatJson *root, const HeatPlan *p)
{
  HeatJson    *d            = HeatJsonAddObject(root, "decomposition");
  const double processes[2] = {(double)p->layout.px, (double)p->layout.py};
  const double tile[2]      = {(double)p->layout.tile[0], (double)p->layout.tile[1]};

  HeatJsonPutNumbers(d, "processes", 2, processes);
  HeatJsonPutNumbers(d, "node_blocks", 2, tile);
  HeatJsonPutCount(d, "cells_min", p->cells_min);
  HeatJsonPutCount(d, "cells_max", p->cells_max);
  HeatJsonPutNumber(d, "load_balance", p->load_balance);
}

static void PutMemory(HeatJson *root, const HeatPlan *p)
{
  HeatJson *memory = HeatJsonAddObject(root, "memory"), *fields;

  HeatJsonPutCount(memory, "per_rank_max", (PetscInt64)p->need.total);
  HeatJsonPutCount(memory, "per_node_max", (PetscInt64)p->per_node);
  HeatJsonPutNumber(memory, "process", p->need.part[HEAT_NEED_PROCESS]);
  fields = HeatJsonAddArray(memory, "fields");
  for (int k = HEAT_NEED_PROCESS + 1; k < HEAT_NEED_PARTS; k++) {
    HeatJson *field = HeatJsonCreate();

    HeatJsonPutText(field, "name", HeatNeedNames[k]);
    HeatJsonPutNumber(field, "bytes_per_cell", p->need.part[k] / (double)p->cells_max);
    HeatJsonAppend(fields, field);
  }
  HeatJsonPutNumber(memory, "have_per_node", p->have); /* null where it is not known */
  HeatJsonPutBoolean(memory, "fits", p->per_node <= p->have ? PETSC_TRUE : PETSC_FALSE);
}

static void PutFiles(HeatJson *root, const HeatPlan *p)
{
  HeatJson *files = HeatJsonAddObject(root, "files");

  HeatJsonPutCount(files, "snapshot", p->files.snapshot);
  HeatJsonPutCount(files, "checkpoint", p->files.checkpoint);
  HeatJsonPutCount(files, "snapshots", p->files.n_snapshots);
  HeatJsonPutCount(files, "checkpoints", p->files.n_checkpoints);
  HeatJsonPutCount(files, "all", p->files.all);
}

static void PutScaling(HeatJson *time, const HeatPlanTime *t)
{
  HeatJson *rows = HeatJsonAddArray(time, "scaling");

  for (PetscInt k = 0; k < t->n_scales; k++) {
    const HeatPlanScale *s   = &t->scale[k];
    HeatJson            *row = HeatJsonCreate();

    HeatJsonPutCount(row, "nodes", s->nodes);
    HeatJsonPutCount(row, "ranks", s->ranks);
    HeatJsonPutNumber(row, "strong", s->strong);
    HeatJsonPutNumber(row, "strong_efficiency", s->strong_efficiency);
    HeatJsonPutNumber(row, "weak", s->weak);
    HeatJsonPutNumber(row, "weak_efficiency", s->weak_efficiency);
    HeatJsonAppend(rows, row);
  }
}

/* Put the times; they are null without a machine file. */
static void PutTime(HeatJson *root, const HeatPlan *p)
{
  const HeatPlanTime *t     = &p->time;
  const PetscBool     given = p->request.machine ? PETSC_TRUE : PETSC_FALSE;
  const struct {
    const char *key;
    double      value;
  } times[]      = {{"step", t->step},
                    {"compute", t->part.compute},
                    {"halo", t->part.halo},
                    {"coarse_levels", t->part.coarse_levels},
                    {"reductions", t->part.reductions},
                    {"diagnostics", t->part.diagnostics},
                    {"output", t->output},
                    {"efficiency", t->efficiency},
                    {"weak_efficiency", t->weak_efficiency},
                    {"run", t->run},
                    {"snapshot", t->snapshot},
                    {"checkpoint", t->checkpoint}};
  HeatJson *time = HeatJsonAddObject(root, "time");

  HeatJsonPutText(time, "machine", given ? p->request.machine->name : NULL);
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(times); k++)
    HeatJsonPutNumber(time, times[k].key, given ? times[k].value : NAN);
  if (given) PutScaling(time, t);
  else HeatJsonPutNumber(time, "scaling", NAN);
}

PetscErrorCode HeatPlanWriteJson(const HeatPlan *p, const char *path)
{
  static const char *const work[] = {[HEAT_PLAN_RUN]         = "run",
                                     [HEAT_PLAN_BENCH]       = "bench cycle",
                                     [HEAT_PLAN_CHECKPOINTS] = "bench checkpoint"};
  HeatJson                *root   = HeatJsonCreate();
  HeatFileError            error  = {0};

  PetscFunctionBeginUser;
  HeatJsonPutText(root, "schema", "heat2d plan 1");
  HeatJsonPutText(root, "title", p->c->title);
  HeatJsonPutText(root, "work", work[p->request.work]);
  HeatJsonPutCount(root, "ranks", p->layout.size);
  HeatJsonPutCount(root, "ranks_per_node", PetscMin(p->layout.per_node, p->layout.size));
  HeatJsonPutCount(root, "nodes", p->layout.n_nodes);
  HeatJsonPutCount(root, "steps", p->steps.steps);
  PutDecomposition(root, p);
  PutMemory(root, p);
  PutKinds(root, "communication", p->run);
  PutKinds(root, "per_step", p->per_step);
  PutKinds(root, "per_iteration", p->per_iteration);
  PutFiles(root, p);
  PutTime(root, p);
  HeatJsonPutTexts(root, "warnings", p->warnings.n, (const char *const *)p->warnings.text);
  HeatJsonWriteNamed(path, root, &error);
  HeatJsonDestroy(&root);
  HeatCheck(!error.failed, PETSC_COMM_SELF, HEAT_ERR_FILE, "%s: cannot be written: %s", path,
            error.text);
  PetscFunctionReturn(PETSC_SUCCESS);
}
