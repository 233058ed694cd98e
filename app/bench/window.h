/** Windows: the parts of the committed fields that the audit checks.
 *
 *  They are drawn from the nonce and the roots of the fields, so that they cannot be known before
 *  the fields are fixed.  A window is two neighbouring pieces of one row.  To evaluate the discrete
 *  equation in its cells, the audit needs both pieces of one field, and six pieces of the field to
 *  which the stencil is applied:
 *
 *      row + 1    | piece | piece + 1 |
 *      row        | piece | piece + 1 |     and    row | piece | piece + 1 |
 *      row - 1    | piece | piece + 1 |
 *
 *      the stencil's field (after the step if        the other field
 *      implicit, before it if explicit)
 *
 *  Nothing here is collective. */
#ifndef HEAT_APP_WINDOW_H
#define HEAT_APP_WINDOW_H

#include "app/bench/definition.h"
#include "app/bench/hash_tree.h"

/** The problems, in the order of the proof.  LAST is the last field of the problem `field`, which
 *  has a commitment of its own. */
typedef enum {
  HEAT_BENCH_PROBLEM_MODES,
  HEAT_BENCH_PROBLEM_FIELD,
  HEAT_BENCH_PROBLEM_LAST,
  HEAT_BENCH_PROBLEMS
} HeatBenchProblemKind;

/** Their names in the proof: modes, field, last. */
extern const char *const HeatBenchProblemNames[HEAT_BENCH_PROBLEMS];

/** The committed fields: before a step and after it.  For `modes` and `last` a single field,
 *  HEAT_AFTER, is committed. */
enum { HEAT_BEFORE, HEAT_AFTER, HEAT_COMMITTED };

/** A pair of committed fields. */
typedef struct {
  HeatBenchProblemKind problem;
  uint32_t             cycle;
  PetscInt             step; /* number of the step within the cycle; for `modes` the last step */
  HeatHash             root[HEAT_COMMITTED];
} HeatCommitment;

/** A piece of a committed field. */
typedef struct {
  int        field; /* HEAT_BEFORE or HEAT_AFTER */
  PetscInt64 row, piece;
} HeatPiece;

/** Most pieces of a window, the eight drawn above, and of one of its rows. */
enum { HEAT_WINDOW_PIECES = 8, HEAT_WINDOW_COLUMNS = 2 };

/** A window and the pieces that its equation needs; those outside of the grid are left out. */
typedef struct {
  PetscInt64 row, piece; /* row, and first of its two pieces in the row */
  int        n;          /* number of pieces in use */
  HeatPiece  pieces[HEAT_WINDOW_PIECES];
} HeatWindow;

/** Return the number of windows of a commitment that go into the proof: those of its cycle
 *  (HeatBenchWindows), and HEAT_BENCH_WINDOWS of `modes` and `last`. */
int HeatWindowsOf(HeatBenchProblemKind problem, uint32_t cycle);

/** Return the number of pieces of a row. */
PetscInt64 HeatPieces(const HeatBenchId *id);

/** Return the number of cells of a piece: HEAT_PIECE, or what is left at the end of a row. */
int HeatPieceCells(const HeatBenchId *id, PetscInt64 piece);

/** Draw window `k` of a commitment. */
PetscErrorCode HeatWindowDraw(const HeatBenchId *id, const HeatCommitment *commitment, int k,
                              HeatWindow *window);

#endif
