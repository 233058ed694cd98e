/** The plan on the terminal. */
#include <math.h>
#include <stdio.h>

#include "app/plan/plan.h"
#include "solver/base/printable.h"

const char *HeatPlanBytes(double bytes, char buffer[32])
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  int                      k       = 0;

  if (isnan(bytes) || bytes < 0.0) {
    (void)snprintf(buffer, 32, "-");
    return buffer;
  }
  for (; bytes >= 999.5 && k < 6; k++) bytes /= 1000.0;
  (void)snprintf(buffer, 32, "%.3g %s", bytes, units[k]);
  return buffer;
}

/* Format a number of messages, or "-" if it is not known.  Return buffer. */
static const char *Number(double n, char buffer[32])
{
  if (isnan(n)) (void)snprintf(buffer, 32, "-");
  else (void)snprintf(buffer, 32, fabs(n) < 1e9 && n == round(n) ? "%.0f" : "%.4g", n);
  return buffer;
}

static void PrintOwners(const HeatPlan *p)
{
  const HeatLayout *l = &p->layout;
  char              title[256];

  (void)printf("%s\n", HeatPrintableCopy(p->c->title, title, sizeof title));
  (void)printf("  grid        %" PetscInt_FMT " x %" PetscInt_FMT " cells\n", l->nx, l->ny);
  (void)printf("  ranks       %" PetscInt_FMT " on %" PetscInt_FMT " node%s of up to %" PetscInt_FMT
               "\n",
               l->size, l->n_nodes, l->n_nodes == 1 ? "" : "s", PetscMin(l->per_node, l->size));
  (void)printf("  blocks      %" PetscInt_FMT " x %" PetscInt_FMT ", ", l->px, l->py);
  if (l->start[0])
    (void)printf("by the ranks' speeds, %" PetscInt64_FMT " to %" PetscInt64_FMT " cells\n",
                 p->cells_min, p->cells_max);
  else
    (void)printf("each %" PetscInt_FMT " x %" PetscInt_FMT " cells or one less a side\n",
                 p->widest[0], p->widest[1]);
  if (l->tile[0] > 0)
    (void)printf("  a node has  %" PetscInt_FMT " x %" PetscInt_FMT " blocks side by side\n",
                 l->tile[0], l->tile[1]);
  else (void)printf("  a node has  its ranks' blocks, row by row\n");
  (void)printf("  balance     %.4f, mean over largest number of cells of a rank%s\n",
               p->load_balance, l->start[0] ? ", by its speed" : "");
  if (p->request.work == HEAT_PLAN_CHECKPOINTS)
    (void)printf("  a cycle     one checkpoint and one restart; cycles follow one another\n");
  else if (p->request.work == HEAT_PLAN_BENCH)
    (void)printf("  a cycle     %" PetscInt64_FMT " steps; cycles follow one another\n",
                 p->steps.steps);
  else if (p->steps.steps >= 0) (void)printf("  steps       %" PetscInt64_FMT "\n", p->steps.steps);
  else (void)printf("  steps       not known before the run\n");
  if (p->n_levels > 0) (void)printf("  multigrid   %" PetscInt_FMT " levels\n", p->n_levels);
}

static void PrintMemory(const HeatPlan *p)
{
  char size[3][32];

  (void)printf("\nmemory                bytes a cell   of a rank\n");
  for (int k = 0; k < HEAT_NEED_PARTS; k++) {
    if (p->need.part[k] <= 0.0) continue;
    if (k == HEAT_NEED_PROCESS)
      (void)printf("  %-20s %12s   %s\n", HeatNeedNames[k], "-",
                   HeatPlanBytes(p->need.part[k], size[0]));
    else
      (void)printf("  %-20s %12.1f   %s\n", HeatNeedNames[k],
                   p->need.part[k] / (double)p->cells_max, HeatPlanBytes(p->need.part[k], size[0]));
  }
  (void)printf("  a rank needs %s, a node %s", HeatPlanBytes(p->need.total, size[0]),
               HeatPlanBytes(p->per_node, size[1]));
  if (isinf(p->have)) (void)printf("; how much this machine has is not known\n");
  else if (p->request.machine)
    (void)printf("; a node of %s has %s: %s\n", p->have_name, HeatPlanBytes(p->have, size[2]),
                 p->per_node <= p->have ? "enough" : "not enough");
  else
    (void)printf("; this machine has %s (%s): %s\n", HeatPlanBytes(p->have, size[2]), p->have_name,
                 p->per_node <= p->have ? "enough" : "not enough");
}

static void PrintTraffic(const char *name, const HeatPlanTraffic *t)
{
  char text[5][32];

  (void)printf("  %-28s %12s %10s %12s %10s %12s\n", name, Number(t->messages[0], text[0]),
               HeatPlanBytes(t->bytes[0], text[1]), Number(t->messages[1], text[2]),
               HeatPlanBytes(t->bytes[1], text[3]), Number(t->collectives, text[4]));
}

static void PrintMessages(const HeatPlan *p)
{
  char name[64];

  (void)printf("\nmessages of all ranks         %12s %10s %12s %10s %12s\n", "within nodes", "",
               "between", "", "collective");
  PrintTraffic("halo, a step", &p->per_step[HEAT_TRAFFIC_HALO]);
  if (p->n_levels > 0) {
    PrintTraffic("multigrid, an iteration", &p->per_iteration[HEAT_TRAFFIC_MULTIGRID]);
    PrintTraffic("multigrid, a step", &p->per_step[HEAT_TRAFFIC_MULTIGRID]);
    PrintTraffic("reductions, an iteration", &p->per_iteration[HEAT_TRAFFIC_REDUCTION]);
  }
  for (int k = 0; k < HEAT_TRAFFIC_KINDS; k++) {
    (void)snprintf(name, sizeof name, "%s, the run", HeatTrafficNames[k]);
    PrintTraffic(name, &p->run[k]);
  }
  (void)printf("  -: not known before the run\n");
  if (p->n_levels > 0 && p->steps.known && p->request.iterations < 0.0)
    (void)printf(
        "  6 linear iterations a solve are assumed; --iterations N gives those of a step\n");
}

static void PrintFiles(const HeatPlan *p)
{
  char size[3][32];

  if (p->request.work == HEAT_PLAN_BENCH) {
    (void)printf("\nfiles\n  results.json and proof.json, some MB");
    if (p->request.last_field)
      (void)printf("; the last field %s\n", HeatPlanBytes((double)p->files.snapshot, size[0]));
    else (void)printf("; no field, except with --write-field\n");
    return;
  }
  (void)printf("\nfiles (without some 10 kB of bookkeeping each)\n");
  if (p->request.work == HEAT_PLAN_CHECKPOINTS) {
    (void)printf("  a checkpoint %s, on the disk at most %s; none is left at the end\n",
                 HeatPlanBytes((double)p->files.checkpoint, size[0]),
                 HeatPlanBytes((double)p->files.all, size[1]));
    return;
  }
  (void)printf("  a snapshot %s, a checkpoint %s, at the end %s\n",
               HeatPlanBytes((double)p->files.snapshot, size[0]),
               HeatPlanBytes((double)p->files.checkpoint, size[1]),
               HeatPlanBytes((double)p->files.all, size[2]));
}

/* Format a time with a unit from microseconds to days, or "-" if it is NaN.  Return buffer. */
static const char *Duration(double seconds, char buffer[32])
{
  const struct {
    double      length; /* [s] of the unit */
    const char *unit;
  } units[] = {{86400.0, "days"}, {3600.0, "h"}, {60.0, "min"}, {1.0, "s"}, {1e-3, "ms"}};

  (void)snprintf(buffer, 32, isnan(seconds) ? "-" : "%.3g us", seconds * 1e6);
  for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
    if (!(seconds >= units[k].length)) continue;
    (void)snprintf(buffer, 32, "%.3g %s", seconds / units[k].length, units[k].unit);
    break;
  }
  return buffer;
}

static void PrintScaling(const HeatPlanTime *t)
{
  char text[2][32];

  (void)printf("  scaling         nodes      ranks   same grid  efficiency   same cells a rank  "
               "efficiency\n");
  for (PetscInt k = 0; k < t->n_scales; k++) {
    const HeatPlanScale *s = &t->scale[k];

    (void)printf("  %19" PetscInt_FMT " %10" PetscInt_FMT " %11s %11.3g %19s %11.3g\n", s->nodes,
                 s->ranks, Duration(s->strong, text[0]), s->strong_efficiency,
                 Duration(s->weak, text[1]), s->weak_efficiency);
  }
}

static void PrintTime(const HeatPlan *p)
{
  const HeatPlanTime *t = &p->time;
  const struct {
    const char *name;
    double      seconds;
  } parts[] = {{"computing", t->part.compute},           {"halo exchanges", t->part.halo},
               {"coarse levels", t->part.coarse_levels}, {"reductions", t->part.reductions},
               {"diagnostics", t->part.diagnostics},     {"output", t->output}};
  char text[32];

  if (!p->request.machine) return;
  (void)printf("\ntime on %s\n", p->have_name);
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
    (void)printf("  %-15s %10s\n", parts[k].name, Duration(parts[k].seconds, text));
  (void)printf("  %-15s %10s\n", "a step", Duration(t->step, text));
  (void)printf("  %-15s %10s without its set-up\n", "the run", Duration(t->run, text));
  (void)printf("  %-15s %10s\n", "a checkpoint", Duration(t->checkpoint, text));
  if (!isnan(t->step)) PrintScaling(t);
}

void HeatPlanPrint(const HeatPlan *p)
{
  PrintOwners(p);
  PrintMemory(p);
  PrintMessages(p);
  PrintFiles(p);
  PrintTime(p);
  if (p->warnings.n > 0) (void)printf("\nwarnings\n");
  for (int k = 0; k < p->warnings.n; k++) (void)printf("  %s\n", p->warnings.text[k]);
  (void)fflush(stdout);
}
