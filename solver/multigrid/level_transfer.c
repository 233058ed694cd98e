/* Transfers of cells between ranks.
 *
 * Blocks are products of intervals.  The cells that a rank sends are therefore the product of two
 * short lists of overlaps, found axis by axis: the columns, and the rows, that its block has in
 * common with the boxes of the receiving blocks.  Each periodic image is an overlap of its own.
 *
 *                      columns of block 0   of block 1   of block 2
 *      rows of block 0        message         message      message
 *      rows of block 1        message         own part     message
 *      rows of block 2        message         message      message
 *
 * The message to a rank holds one part, or several where periodic images fall into its box.
 * Sender and receiver build the same lists in the same order, from distributions that all ranks
 * hold in full, so that set-up needs no communication and a message needs no description. */
#include "solver/multigrid/level_transfer.h"

#include "solver/multigrid/level_traffic.h"

enum {
  TAG = 17 /* of all transfers; chosen to differ from the tags 0 to 3 (sides) of halo.c and
              deep_halo.c, which use the same communicator */
};

/* The overlap along one axis of a block of `from` with the box of a block of `to`. */
typedef struct {
  PetscInt block;  /* the block of the other distribution, from this rank's point of view */
  PetscInt lo, hi; /* cells [lo, hi), in the indices that `to` gives them */
  PetscInt shift; /* index in `to` minus index in `from`: a multiple of the axis' number of cells */
} Overlap;

typedef struct {
  Overlap *of; /* owned [n] */
  PetscInt n;
} Overlaps;

/* A rectangle of cells that one rank sends to another. */
typedef struct {
  HeatBox     box;    /* in the indices of this rank's array */
  PetscMPIInt rank;   /* the rank at the other end */
  int         flip;   /* 1: even columns of `from` are odd in `to`, after an odd shift; else 0 */
  size_t      offset; /* of its first cell in the buffer [floats] */
} Part;

/* All messages that this rank sends, or all that it receives. */
typedef struct {
  Part       *parts; /* owned [n_parts]; the parts of one message follow one another */
  PetscInt    n_parts;
  float      *buffer; /* owned [total] */
  PetscMPIInt n_messages;
  size_t      total; /* floats of all messages */
} Messages;

struct HeatTransfer {
  HeatLevelShape from, to;
  Messages       send, receive;
  Part          *own_from, *own_to; /* owned [n_own]: source and target of parts that stay here */
  PetscInt       n_own;
  MPI_Request   *requests;                 /* owned: of the sends, then of the receives */
  PetscInt64     runs[HEAT_TRAFFIC_KINDS]; /* calls of Run, by HeatTrafficNow */

  HeatLayoutTraffic all; /* what all ranks send in one run, predicted */
};

/* Return how many times a halo goes round a periodic axis at most: several times if it is deeper
   than the axis is long. */
static PetscInt Turns(const HeatDistribution *d, int axis, PetscInt halo)
{
  return d->periodic[axis] ? halo / d->n[axis] + 1 : 0;
}

/* Overlap of block a of `from`, shifted by `turn` lengths of the axis, with block b of `to` and its
   halo, which is clipped at sides that are not periodic.  Empty if lo >= hi. */
static Overlap Intersect(const HeatDistribution *from, PetscInt a, const HeatDistribution *to,
                         PetscInt b, int axis, PetscInt halo, PetscInt turn)
{
  const PetscInt shift   = turn * from->n[axis];
  const PetscInt edge[2] = {to->periodic[axis] ? PETSC_MIN_INT : 0,
                            to->periodic[axis] ? PETSC_MAX_INT : to->n[axis]};
  const PetscInt wanted[2] = {to->start[axis][b], to->start[axis][b + 1]};
  Overlap        o         = {.shift = shift};

  o.lo = PetscMax(PetscMax(wanted[0] - halo, edge[0]), from->start[axis][a] + shift);
  o.hi = PetscMin(PetscMin(wanted[1] + halo, edge[1]), from->start[axis][a + 1] + shift);
  return o;
}

/* Find all overlaps along an axis of this rank's block, of `from` if sending and else of `to`, with
   the blocks of the other distribution.  The caller frees found->of. */
static PetscErrorCode FindOverlaps(const HeatDistribution *from, const HeatDistribution *to,
                                   int axis, PetscInt halo, PetscBool sending, Overlaps *found)
{
  const HeatDistribution *mine = sending ? from : to, *other = sending ? to : from;
  const PetscInt          turns = Turns(to, axis, halo), me = HeatDistributionBlock(mine, axis);
  PetscInt                room = 0;

  PetscFunctionBeginUser;
  found->n  = 0;
  found->of = NULL;
  if (me < 0) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < other->parts[axis]; k++) {
    for (PetscInt turn = -turns; turn <= turns; turn++) {
      Overlap o = Intersect(from, sending ? me : k, to, sending ? k : me, axis, halo, turn);

      if (o.lo >= o.hi) continue;
      o.block = k;
      if (found->n == room) {
        room = 2 * room + 4;
        PetscCall(PetscRealloc(sizeof(Overlap) * (size_t)room, &found->of));
      }
      found->of[found->n++] = o;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the rectangle of two overlaps, in the indices of this rank's array. */
static HeatBox BoxOf(const Overlap *x, const Overlap *y, PetscBool sending)
{
  HeatBox box = {{x->lo, y->lo}, {x->hi, y->hi}};

  if (sending) {
    box.lo[0] -= x->shift;
    box.hi[0] -= x->shift;
    box.lo[1] -= y->shift;
    box.hi[1] -= y->shift;
  }
  return box;
}

static size_t BoxCells(const HeatBox *b)
{
  return (size_t)(b->hi[0] - b->lo[0]) * (size_t)(b->hi[1] - b->lo[1]);
}

/* List the parts that are sent to other ranks (or received from them), the parts of a rank
   together, and the parts that stay on this rank. */
static PetscErrorCode ListParts(const HeatDistribution *from, const HeatDistribution *to,
                                PetscInt halo, PetscBool in_place, PetscBool sending,
                                Messages *messages, Part **own, PetscInt *n_own)
{
  const HeatDistribution *other = sending ? to : from;
  Overlaps                x, y;
  PetscMPIInt             me;
  size_t                  total = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(from->comm, &me));
  PetscCall(FindOverlaps(from, to, 0, halo, sending, &x));
  PetscCall(FindOverlaps(from, to, 1, halo, sending, &y));
  PetscCall(PetscMalloc1(x.n * y.n, &messages->parts));
  PetscCall(PetscMalloc1(x.n * y.n, own));
  *n_own = 0;
  for (PetscInt b = 0, b_end = 0; b < y.n; b = b_end) { /* a block's images follow one another */
    for (b_end = b; b_end < y.n && y.of[b_end].block == y.of[b].block;) b_end++;
    for (PetscInt a = 0, a_end = 0; a < x.n; a = a_end) {
      const PetscMPIInt rank = HeatDistributionRank(other, x.of[a].block, y.of[b].block);

      for (a_end = a; a_end < x.n && x.of[a_end].block == x.of[a].block;) a_end++;
      for (PetscInt l = b; l < b_end; l++) {
        for (PetscInt k = a; k < a_end; k++) {
          const Part part = {BoxOf(&x.of[k], &y.of[l], sending), rank, (int)(x.of[k].shift & 1),
                             total};

          if (rank != me) {
            messages->parts[messages->n_parts++] = part;
            total += BoxCells(&part.box);
          } else if (!in_place || x.of[k].shift || y.of[l].shift) (*own)[(*n_own)++] = part;
        }
      }
    }
  }
  messages->total = total;
  PetscCall(PetscMalloc1(total, &messages->buffer));
  PetscCall(PetscFree(x.of));
  PetscCall(PetscFree(y.of));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscMPIInt CountMessages(const Messages *h)
{
  PetscMPIInt n = 0;

  for (PetscInt k = 0; k < h->n_parts; k++) n += k == 0 || h->parts[k].rank != h->parts[k - 1].rank;
  return n;
}

/* Create one persistent request for the parts of each rank. */
static PetscErrorCode MakeRequests(MPI_Comm comm, Messages *h, PetscBool sending,
                                   MPI_Request *request)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0, end = 0; k < h->n_parts; k = end, request++) {
    const PetscMPIInt rank   = h->parts[k].rank;
    const size_t      offset = h->parts[k].offset;

    for (end = k; end < h->n_parts && h->parts[end].rank == rank;) end++;
    const size_t floats = (end < h->n_parts ? h->parts[end].offset : h->total) - offset;

    PetscCheck(floats <= PETSC_MPI_INT_MAX, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
               "a halo message of %zu cells; use more ranks", floats);
    if (sending) {
      PetscCallMPI(MPI_Send_init(h->buffer + offset, (PetscMPIInt)floats, MPI_FLOAT, rank, TAG,
                                 comm, request));
    } else {
      PetscCallMPI(MPI_Recv_init(h->buffer + offset, (PetscMPIInt)floats, MPI_FLOAT, rank, TAG,
                                 comm, request));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTransferCreate(const HeatDistribution *from, const HeatLevelShape *from_shape,
                                  const HeatDistribution *to, const HeatLevelShape *to_shape,
                                  PetscInt halo, PetscBool in_place, HeatTransfer **transfer)
{
  HeatTransfer *t;
  PetscInt      n_own;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&t));
  *transfer = t;
  t->from   = *from_shape;
  t->to     = *to_shape;
  PetscCall(ListParts(from, to, halo, in_place, PETSC_TRUE, &t->send, &t->own_from, &t->n_own));
  PetscCall(ListParts(from, to, halo, in_place, PETSC_FALSE, &t->receive, &t->own_to, &n_own));
  PetscAssert(n_own == t->n_own, PETSC_COMM_SELF, PETSC_ERR_PLIB,
              "a rank sends itself what it does not expect");
  t->send.n_messages    = CountMessages(&t->send);
  t->receive.n_messages = CountMessages(&t->receive);
  PetscCall(PetscMalloc1(t->send.n_messages + t->receive.n_messages, &t->requests));
  PetscCall(MakeRequests(from->comm, &t->send, PETSC_TRUE, t->requests));
  PetscCall(MakeRequests(from->comm, &t->receive, PETSC_FALSE, t->requests + t->send.n_messages));
  PetscCall(HeatDistributionTraffic(from, to, halo, &t->all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the position of the first cell of one parity in row j of a box, and count its cells: they
   are contiguous in split storage. */
static size_t RowPlaces(const HeatLevelShape *s, const HeatBox *box, PetscInt j, int parity,
                        PetscInt *n)
{
  PetscInt begin, end;

  HeatLevelShapePlaces(s, box->lo[0], box->hi[0], parity, &begin, &end);
  *n = end - begin;
  return HeatLevelShapeRow(s, j) + (size_t)parity * s->odd + (size_t)begin;
}

/* Copy a rectangle into the buffer, row by row, even columns first. */
static PetscErrorCode Pack(const HeatLevelShape *s, const Part *part, const float *array,
                           float *buffer)
{
  float *out = buffer + part->offset;

  PetscFunctionBeginUser;
  for (PetscInt j = part->box.lo[1]; j < part->box.hi[1]; j++) {
    for (int parity = 0; parity < 2; parity++) {
      PetscInt     n;
      const size_t first = RowPlaces(s, &part->box, j, parity, &n);

      PetscCall(PetscArraycpy(out, array + first, n));
      out += n;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy a rectangle out of the buffer.  The columns that are even in the sender's indices come
   first. */
static PetscErrorCode Unpack(const HeatLevelShape *s, const Part *part, const float *buffer,
                             float *array)
{
  const float *in = buffer + part->offset;

  PetscFunctionBeginUser;
  for (PetscInt j = part->box.lo[1]; j < part->box.hi[1]; j++) {
    for (int parity = 0; parity < 2; parity++) {
      PetscInt     n;
      const size_t first = RowPlaces(s, &part->box, j, parity ^ part->flip, &n);

      PetscCall(PetscArraycpy(array + first, in, n));
      in += n;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy a rectangle from one of this rank's arrays to the other, or to its periodic image. */
static PetscErrorCode CopyOwn(const HeatTransfer *t, const Part *source, const Part *target,
                              const float *from, float *to)
{
  const PetscInt rows = source->box.hi[1] - source->box.lo[1];

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < rows; j++) {
    for (int parity = 0; parity < 2; parity++) {
      PetscInt     n;
      const size_t read  = RowPlaces(&t->from, &source->box, source->box.lo[1] + j, parity, &n);
      const size_t write = RowPlaces(&t->to, &target->box, target->box.lo[1] + j,
                                     parity ^ target->flip, &n);

      PetscCall(PetscArraycpy(to + write, from + read, n));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTransferRun(HeatTransfer *t, const float *from, float *to)
{
  const PetscMPIInt n_sends = t->send.n_messages, n_receives = t->receive.n_messages;

  PetscFunctionBeginUser;
  if (n_receives) PetscCallMPI(MPI_Startall(n_receives, t->requests + n_sends));
  for (PetscInt k = 0; k < t->send.n_parts; k++)
    PetscCall(Pack(&t->from, &t->send.parts[k], from, t->send.buffer));
  if (n_sends) PetscCallMPI(MPI_Startall(n_sends, t->requests));
  for (PetscInt k = 0; k < t->n_own; k++)
    PetscCall(CopyOwn(t, &t->own_from[k], &t->own_to[k], from, to));
  if (n_sends + n_receives)
    PetscCallMPI(MPI_Waitall(n_sends + n_receives, t->requests, MPI_STATUSES_IGNORE));
  for (PetscInt k = 0; k < t->receive.n_parts; k++)
    PetscCall(Unpack(&t->to, &t->receive.parts[k], t->receive.buffer, to));
  t->runs[HeatTrafficNow()]++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatTransferCounts(const HeatTransfer *t, PetscInt64 *messages, PetscInt64 *bytes)
{
  PetscInt64 runs = 0;

  for (int kind = 0; kind < HEAT_TRAFFIC_KINDS; kind++) runs += t->runs[kind];
  *messages = runs * t->send.n_messages;
  *bytes    = runs * (PetscInt64)(t->send.total * sizeof(float));
}

void HeatTransferPredict(const HeatTransfer *t, HeatTrafficKind kind, HeatLayoutTraffic *sum)
{
  HeatLayoutTrafficAdd(sum, t->runs[kind], &t->all);
}

static PetscErrorCode DestroyMessages(Messages *h)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(h->parts));
  PetscCall(PetscFree(h->buffer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTransferDestroy(HeatTransfer **transfer)
{
  HeatTransfer *t = *transfer;

  PetscFunctionBeginUser;
  if (!t) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscMPIInt r = 0; r < t->send.n_messages + t->receive.n_messages; r++)
    PetscCallMPI(MPI_Request_free(&t->requests[r]));
  PetscCall(DestroyMessages(&t->send));
  PetscCall(DestroyMessages(&t->receive));
  PetscCall(PetscFree(t->own_from));
  PetscCall(PetscFree(t->own_to));
  PetscCall(PetscFree(t->requests));
  PetscCall(PetscFree(*transfer));
  PetscFunctionReturn(PETSC_SUCCESS);
}
