/** The files of a run: their sizes, and the fields that are moved from and to them (plan.h). */
#include "app/plan/plan.h"
#include "io/field_file/field_file.h"

/* Count the steps 0, ..., n that are multiples of `every`, and step n in any case if `last`. */
static PetscInt64 CountEvery(PetscInt64 n, PetscInt64 every, PetscBool last)
{
  return n / every + 1 + (last && n % every ? 1 : 0);
}

/* Return how many of n checkpoints, the k-th one at step k `every`, are kept: the newest ones, and
   those at multiples of keep_every. */
static PetscInt64 CountKept(const HeatCase *c, PetscInt64 n)
{
  const PetscInt64 newest = PetscMin(n, c->checkpoint.keep), every = c->checkpoint.every;
  PetscInt64       a = every, b = c->checkpoint.keep_every;

  if (b == 0) return newest;
  while (b) { /* Euclid's algorithm: a becomes the greatest common divisor */
    const PetscInt64 rest = a % b;

    a = b;
    b = rest;
  }
  return newest + (n - newest) / (c->checkpoint.keep_every / a);
}

/* Return n times a number of bytes, or -1 (not known) where either is not known or the product
   exceeds 64 bits. */
static PetscInt64 Times(PetscInt64 n, PetscInt64 bytes)
{
  if (n < 0 || bytes < 0 || (n > 0 && bytes > INT64_MAX / n)) return -1;
  return n * bytes;
}

/* Return the sum of two numbers of bytes, or -1 where either is not known or the sum exceeds 64
   bits. */
static PetscInt64 Sum(PetscInt64 a, PetscInt64 b)
{
  return a < 0 || b < 0 || a > INT64_MAX - b ? -1 : a + b;
}

/* Return the number of checkpoints that a run of n steps writes; -1: not known. */
static PetscInt64 CountCheckpoints(const HeatCase *c, PetscInt64 n)
{
  if (c->checkpoint.wall_interval > 0.0 || c->checkpoint.daly) return -1;
  if (c->checkpoint.every == 0) return 0;
  return n < 0 ? -1 : (n + c->checkpoint.every - 1) / c->checkpoint.every;
}

/* Return output.snapshots.interval in steps; -1: not known.  If it is no multiple of the step, the
   number of steps is not known either. */
static PetscInt64 SnapshotInterval(const HeatCase *c)
{
  if (c->time.step <= 0.0) return -1;
  return PetscMax(1, (PetscInt64)PetscFloorReal(c->output.snapshots_interval / c->time.step + 0.5));
}

/* Count the fields of a snapshot whose values have [0] 4 bytes, [1] 8 bytes. */
static void CountSnapshotFields(const HeatCase *c, PetscInt64 n[2])
{
  const PetscBool *fields = c->output.fields;

  n[0] = fields[HEAT_FIELD_MATERIAL] + fields[HEAT_FIELD_OWNER];
  n[1] = fields[HEAT_FIELD_TEMPERATURE] + 2 * fields[HEAT_FIELD_CONDUCTIVITY] +
         2 * fields[HEAT_FIELD_HEAT_FLUX];
}

/* Count the fields of a checkpoint. */
static PetscErrorCode CountCheckpointFields(const HeatCase *c, PetscInt64 *n)
{
  PetscBool exchange;

  PetscFunctionBeginUser;
  PetscCall(HeatNeedSumsExchange(c, &exchange));
  *n = c->time.scheme == HEAT_SCHEME_BDF2 ? 3 : exchange ? 2 : 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanFillFiles(HeatPlan *p)
{
  const HeatCase  *c     = p->c;
  const PetscInt64 cells = (PetscInt64)p->layout.nx * (PetscInt64)p->layout.ny;
  const PetscInt64 axes  = 8 * (2 * ((PetscInt64)p->layout.nx + (PetscInt64)p->layout.ny) + 3);
  const PetscInt64 sums = 8 * (PetscInt64)p->layout.ny, real = Sum(Times(8, cells), sums);
  const PetscInt64 n = p->steps.steps;
  HeatPlanFiles   *f = &p->files;
  PetscInt64       of_snapshot[2], of_checkpoint, every = c->output.snapshots_every;

  PetscFunctionBeginUser;
  CountSnapshotFields(c, of_snapshot);
  PetscCall(CountCheckpointFields(c, &of_checkpoint));
  f->snapshot = Sum(
      axes, Sum(Times(of_snapshot[1], real), Times(of_snapshot[0], Sum(Times(4, cells), sums))));
  f->checkpoint = Sum(axes, Times(of_checkpoint, real));
  if (c->output.compression == HEAT_COMPRESSION_DEFLATE) f->snapshot = -1;
  if (p->request.work != HEAT_PLAN_RUN) {
    f->n_snapshots   = 0;
    f->n_checkpoints = p->request.work == HEAT_PLAN_BENCH ? 0 : 2; /* the newest two, at most */
    f->all = Sum(Times(f->n_checkpoints, f->checkpoint), p->request.last_field ? f->snapshot : 0);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  f->n_snapshots = 1; /* the last state */
  if (c->output.snapshots_interval > 0.0) every = SnapshotInterval(c);
  if (every != 0) f->n_snapshots = n < 0 || every < 0 ? -1 : CountEvery(n, every, PETSC_TRUE);
  f->n_checkpoints = 0;
  if (c->checkpoint.every > 0 || c->checkpoint.wall_interval > 0.0 || c->checkpoint.daly)
    f->n_checkpoints = c->checkpoint.keep;
  if (c->checkpoint.every > 0 && n >= 0) f->n_checkpoints = CountKept(c, CountCheckpoints(c, n));
  f->all = Sum(Times(f->n_snapshots, f->snapshot), Times(f->n_checkpoints, f->checkpoint));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Moving fields. */

/* What is found about the fields that are read. */
typedef struct {
  PetscBool       few; /* not all ranks are writers, so that ranks send checksums */
  HeatFieldMoves *moves;
  PetscBool       known;
} Reads;

/* Count a field that is read.  Whether it has checksums, which are compared, is found in the file;
   that sends no message where all ranks are writers. */
static PetscErrorCode AddRead(Reads *reads, const char *file, const char *dataset,
                              HeatElement element)
{
  PetscBool has = PETSC_FALSE, read = PETSC_TRUE;

  PetscFunctionBeginUser;
  if (!file) PetscFunctionReturn(PETSC_SUCCESS);
  reads->moves->in_pieces[element == HEAT_ELEMENT_DOUBLE]++;
  if (reads->few) read = HeatFieldFileHasSums(file, dataset, element, &has);
  reads->moves->sums += has ? 1 : 0;
  if (!read) reads->known = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanCountRead(const HeatPlan *p, HeatFieldMoves *moves, PetscBool *known)
{
  const HeatCase *c     = p->c;
  const PetscInt  asked = HeatWritersPerNode(c, p->layout.size, p->layout.n_nodes);
  Reads           reads = {(PetscBool)(asked > 0 && asked < p->layout.per_node), moves, PETSC_TRUE};

  PetscFunctionBeginUser;
  *moves = (HeatFieldMoves){.sums = 0};
  for (PetscInt r = 0; r < c->n_regions; r++)
    PetscCall(
        AddRead(&reads, c->regions[r].map.file, c->regions[r].map.dataset, HEAT_ELEMENT_INT32));
  for (int k = 0; k < HEAT_PROPERTIES; k++)
    PetscCall(
        AddRead(&reads, c->properties[k].file, c->properties[k].dataset, HEAT_ELEMENT_DOUBLE));
  PetscCall(AddRead(&reads, c->initial.file,
                    c->initial.dataset ? c->initial.dataset : "/temperature", HEAT_ELEMENT_DOUBLE));
  *known = (PetscBool)(reads.known &&
                       Times(moves->in_pieces[0] + moves->in_pieces[1],
                             Times(8, (PetscInt64)p->layout.nx * p->layout.ny)) >= 0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatPlanCountWritten(const HeatPlan *p, HeatFieldMoves *moves, PetscBool *known)
{
  const HeatCase  *c           = p->c;
  const PetscInt64 snapshots   = p->files.n_snapshots;
  const PetscInt64 checkpoints = CountCheckpoints(c, p->steps.steps);
  const PetscBool  sync        = (PetscBool)(c->checkpoint.mode == HEAT_CHECKPOINT_SYNC);
  PetscInt64       of_snapshot[2], of_checkpoint;

  PetscFunctionBeginUser;
  *moves = (HeatFieldMoves){.sums = 0};
  *known = (PetscBool)(Sum(Times(snapshots, p->files.snapshot),
                           Times(checkpoints, p->files.checkpoint)) >= 0);
  CountSnapshotFields(c, of_snapshot);
  PetscCall(CountCheckpointFields(c, &of_checkpoint));
  for (int k = 0; k < 2; k++) moves->in_pieces[k] = snapshots * of_snapshot[k];
  if (sync) moves->in_pieces[1] += checkpoints * of_checkpoint;
  else moves->at_once[1] = checkpoints * of_checkpoint;
  moves->sums = snapshots * (of_snapshot[0] + of_snapshot[1]) + checkpoints * of_checkpoint;
  if (!sync || c->checkpoint.verify != HEAT_READ_BACK_NONE)
    moves->peer_sums = checkpoints * of_checkpoint;
  PetscFunctionReturn(PETSC_SUCCESS);
}
