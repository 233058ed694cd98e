/** Count the messages between blocks and slabs (slab_traffic.h).
 *
 *  The slab of each writer is cut at the rows of blocks that it crosses.  In each of these it
 *  exchanges a message with every column of blocks, for each piece that has some of its rows, and
 *  gets the checksums of its rows from those ranks that would own the rows if every rank were a
 *  writer.  Within a row of blocks the ranks of one node are a run of columns, or several runs if
 *  the launcher has dealt the ranks in another order.  The time grows with the number of ranks, the
 *  memory with that of nodes. */
#include "io/field_file/slab_traffic.h"

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab_deal.h"

/* Most ranks that are visited one by one.  Chosen: some tenths of a second. */
enum { MOST_RANKS = 10000000 };

/* The writers, numbered in two ways: k by ascending rank, which decides about their rows, and
   `order` node by node (solver/grid/writers.c). */
typedef struct {
  const HeatLayout *layout; /* borrowed */
  PetscInt          asked;  /* writers on each node; 0: all ranks */
  PetscInt          n;      /* number of writers */
  PetscInt         *ranks;  /* owned [n_nodes] number of ranks of each node */
  PetscInt         *first;  /* owned [n_nodes + 1] the order of the first writer of each node */
} Writers;

/* The messages, and the cells or checksums in them, of moving one field. */
typedef struct {
  HeatLayoutTraffic in_pieces, at_once, sums, peer_sums;
} Once;

PetscBool HeatSlabCanCount(const HeatLayout *l) { return (PetscBool)(l->size <= MOST_RANKS); }

/* Return the node of a rank. */
static PetscInt NodeOf(const HeatLayout *l, PetscInt rank)
{
  return HeatLayoutNode(l, rank % l->px, rank / l->px);
}

static PetscErrorCode CountWriters(const HeatLayout *l, PetscInt asked, Writers *w)
{
  PetscFunctionBeginUser;
  *w = (Writers){.layout = l, .asked = asked};
  PetscCall(PetscCalloc2(l->n_nodes, &w->ranks, l->n_nodes + 1, &w->first));
  for (PetscInt r = 0; r < l->size; r++) w->ranks[NodeOf(l, r)]++;
  for (PetscInt k = 0; k < l->n_nodes; k++)
    w->first[k + 1] = w->first[k] + (asked == 0 ? w->ranks[k] : PetscMin(asked, w->ranks[k]));
  w->n = w->first[l->n_nodes];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the node of the writer with a number `order`, by bisection. */
static PetscInt NodeOfOrder(const Writers *w, PetscInt order)
{
  PetscInt low = 0, high = w->layout->n_nodes; /* first[low] <= order < first[high] */

  while (high - low > 1) {
    const PetscInt middle = low + (high - low) / 2;

    if (w->first[middle] <= order) low = middle;
    else high = middle;
  }
  return low;
}

/* Return the rows [*first, *end) of writer k. */
static void RowsOf(const Writers *w, PetscInt k, PetscInt *first, PetscInt *end)
{
  const HeatLayout  *l    = w->layout;
  const PetscBool    few  = (PetscBool)(w->n < l->size);
  const HeatSlabDeal deal = HeatSlabDealOf(l, few ? w->n : 0, few ? 0 : k / l->px);

  *first = HeatSlabFirstRow(&deal, k);
  *end   = HeatSlabFirstRow(&deal, k + 1);
}

/* Find the first run of columns [*low, *high), at or after column `from`, whose blocks in row jp
   are on a node; return false if there is none. */
static PetscBool FindRun(const HeatLayout *l, PetscInt node, PetscInt jp, PetscInt from,
                         PetscInt *low, PetscInt *high)
{
  PetscInt begin = from, end = l->px;

  if (l->node_of) {
    while (begin < l->px && HeatLayoutNode(l, begin, jp) != node) begin++;
    for (end = begin; end < l->px && HeatLayoutNode(l, end, jp) == node;) end++;
  } else if (l->tile[0] > 0) {
    const PetscInt tiles = (l->px - 1) / l->tile[0] + 1, column = node % tiles * l->tile[0];

    begin = PetscMax(from, column);
    end   = jp / l->tile[1] == node / tiles ? PetscMin(l->px, column + l->tile[0]) : 0;
  } else {
    begin = PetscMax(from, node * l->per_node - jp * l->px);
    end   = PetscMin(l->px, (node + 1) * l->per_node - jp * l->px);
  }
  *low  = begin;
  *high = end;
  return begin < end ? PETSC_TRUE : PETSC_FALSE;
}

/* Add messages and values, of which the given ones are within nodes. */
static void Add(HeatLayoutTraffic *t, PetscInt64 messages, PetscInt64 values, PetscInt64 within,
                PetscInt64 values_within)
{
  t->messages[0] += within;
  t->values[0] += values_within;
  t->messages[1] += messages - within;
  t->values[1] += values - values_within;
}

/* Add the messages between the slab of a writer and the blocks of row jp, which share the rows
   [row, end).
   @param[in] pieces  in which these rows are moved */
static void AddCells(const HeatLayout *l, PetscInt node, PetscInt jp, PetscInt row, PetscInt end,
                     PetscInt64 pieces, Once *once)
{
  const PetscInt64 rows    = end - row;
  PetscInt64       columns = 0, cells = 0; /* on the writer's node */
  PetscInt         low, high;

  for (PetscInt from = 0; FindRun(l, node, jp, from, &low, &high); from = high) {
    columns += high - low;
    cells += HeatLayoutCut(l, 0, high) - HeatLayoutCut(l, 0, low);
  }
  Add(&once->in_pieces, pieces * l->px, rows * l->nx, pieces * columns, rows * cells);
  Add(&once->at_once, l->px, rows * l->nx, columns, rows * cells);
}

/* Add the messages by which a writer gets the checksums of rows [row, end) of the row of blocks
   jp. */
static void AddSums(const HeatLayout *l, PetscInt node, PetscInt jp, PetscInt row, PetscInt end,
                    Once *once)
{
  const HeatSlabDeal deal  = HeatSlabDealOf(l, 0, jp);
  const PetscInt     first = HeatSlabOwnerOf(&deal, row), last = HeatSlabOwnerOf(&deal, end - 1);
  PetscInt64         messages = 0, rows = 0; /* on the writer's node */
  PetscInt           low, high;

  for (PetscInt from = 0; FindRun(l, node, jp, from, &low, &high); from = high) {
    const PetscInt begin = PetscMax(deal.owner + low, first);
    const PetscInt until = PetscMin(deal.owner + high, last + 1);

    if (begin >= until) continue;
    messages += until - begin;
    rows += PetscMin(HeatSlabFirstRow(&deal, until), end) -
            PetscMax(HeatSlabFirstRow(&deal, begin), row);
  }
  Add(&once->sums, last - first + 1, end - row, messages, rows);
}

/* Add the messages of the slab [first, end) of a writer. */
static void AddSlab(const Writers *w, PetscInt node, PetscInt first, PetscInt end, Once *once)
{
  const HeatLayout *l     = w->layout;
  const PetscInt64  piece = HeatPieceRows(l->nx);

  for (PetscInt row = first; row < end;) {
    const PetscInt jp    = HeatLayoutPart(l, 1, row);
    const PetscInt until = PetscMin(HeatLayoutCut(l, 1, jp + 1), end);

    if (w->n < l->size || l->px > 1)
      AddCells(l, node, jp, row, until, (until - 1 - first) / piece - (row - first) / piece + 1,
               once);
    if (w->n < l->size) AddSums(l, node, jp, row, until, once);
    row = until;
  }
}

/* Add the message by which a writer sends the checksums of its rows to the writer n/2 places before
   it, as in PairUp of solver/grid/writers.c. */
static void AddPeerSums(const Writers *w, PetscInt node, PetscInt order, PetscInt rows, Once *once)
{
  const PetscInt reader = (order + w->n - w->n / 2) % w->n;
  const PetscInt near   = NodeOfOrder(w, reader) == node ? 1 : 0;

  Add(&once->peer_sums, 1, rows, near, near * rows);
}

/* Add the messages of all writers, by ascending rank. */
static PetscErrorCode AddWriters(const Writers *w, Once *once)
{
  const HeatLayout *l = w->layout;
  PetscInt         *ranks, *writers, k = 0; /* of each node, so far; of all nodes, so far */

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc2(l->n_nodes, &ranks, l->n_nodes, &writers));
  for (PetscInt r = 0; r < l->size; r++) {
    const PetscInt node = NodeOf(l, r);
    PetscInt       first, end;

    if (!HeatWritersHas(w->asked, ranks[node]++, w->ranks[node])) continue;
    RowsOf(w, k++, &first, &end);
    AddSlab(w, node, first, end, once);
    AddPeerSums(w, node, w->first[node] + writers[node]++, end - first, once);
  }
  PetscCall(PetscFree2(ranks, writers));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add n times the messages `one`, whose values have `bytes` bytes. */
static void Scale(HeatLayoutTraffic *sum, PetscInt64 n, const HeatLayoutTraffic *one,
                  PetscInt64 bytes)
{
  for (int k = 0; k < 2; k++) {
    sum->messages[k] += n * one->messages[k];
    sum->values[k] += n * bytes * one->values[k];
  }
}

PetscErrorCode HeatSlabTraffic(const HeatLayout *layout, PetscInt asked,
                               const HeatFieldMoves *moves, HeatLayoutTraffic *traffic)
{
  Writers writers;
  Once    once = {.in_pieces = {{0, 0}, {0, 0}}};

  PetscFunctionBeginUser;
  *traffic = (HeatLayoutTraffic){{0, 0}, {0, 0}};
  PetscCall(CountWriters(layout, asked, &writers));
  PetscCall(AddWriters(&writers, &once));
  PetscCall(PetscFree2(writers.ranks, writers.first));
  for (int k = 0; k < 2; k++) {
    Scale(traffic, moves->in_pieces[k], &once.in_pieces, 4 + 4 * k);
    Scale(traffic, moves->at_once[k], &once.at_once, 4 + 4 * k);
  }
  Scale(traffic, moves->sums, &once.sums, sizeof(uint64_t));
  Scale(traffic, moves->peer_sums, &once.peer_sums, sizeof(uint64_t));
  PetscFunctionReturn(PETSC_SUCCESS);
}
