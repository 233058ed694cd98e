/** Internals of the sweep of several steps (wavefront.h), shared by wavefront*.c and included
 *  nowhere else. */
#ifndef HEAT_SOLVER_WAVEFRONT_IMPL_H
#define HEAT_SOLVER_WAVEFRONT_IMPL_H

#include "solver/operator/wavefront.h"

/** [doubles] One line of the cache, 64 bytes, and one vector of 512 bits. */
enum { HEAT_WAVE_LANES = 8 };

/** [columns] S, where there are several tiles.  1 would do; a multiple of HEAT_WAVE_LANES keeps the
 *  rows of all steps aligned with one another and with the coefficients. */
enum { HEAT_WAVE_SKEW = HEAT_WAVE_LANES };

/** [columns] Width of the seam: S + 1 columns of the step before are read, and 2 S columns of the
 *  stage before that. */
enum { HEAT_WAVE_SEAM = 2 * HEAT_WAVE_SKEW };

/** [rows] Rows kept of each step, as drawn in wavefront.c: two new, two old. */
enum { HEAT_WAVE_RING = 4 };

/** [cells] Shortest run of equal cells that a row lists.  Chosen: a list takes at most a tenth of
 *  the memory of the coefficients that it describes; a larger value gives up runs that pay. */
enum { HEAT_WAVE_MIN_RUN = 64 };

/** Columns [begin, end) of a row whose cells all have the same coefficients. */
typedef struct {
  PetscInt  begin, end;
  PetscReal gx, gy, r, q; /* gx of west and east faces, gy of south faces */
  PetscReal E, ambient;   /* of the ambient exchange; 0 without it */
} HeatWaveRun;

/** Columns [begin, end) of a row where one of several sources with a factor of time acts. */
typedef struct {
  PetscInt         begin, end;
  PetscInt         source; /* index of its factor */
  const PetscReal *shape;  /* [end - begin] [W/m] */
} HeatWaveSpan;

/** The coefficients of one row of cells of a segment: the frame's left margin, its own cells, or
 *  its right margin, each n columns wide.  Own cells beside a side with a flux of time are segments
 *  of their own, one column wide.  Columns are counted from the segment's first. */
typedef struct {
  const PetscReal   *gx; /* [n + 1] conductance of west faces, and the last east face [W/(m K)] */
  const PetscReal   *gy; /* [n] conductance of south faces [W/(m K)] */
  const PetscReal   *r;  /* [n] dt/C [m K/W] */
  const PetscReal   *q;  /* [n] sources and prescribed fluxes [W/m] */
  const PetscReal   *s; /* [n] shape of the source with a factor of time [W/m]; NULL unless TIMED */
  const PetscReal   *E, *ambient; /* [n] of the ambient exchange [W/(m K)], [K]; NULL: none */
  PetscBool          even; /* all cells of the row have the same r, E and ambient; of EXCHANGE */
  const HeatWaveRun *runs; /* [n_runs] from left to right */
  PetscInt           n_runs;
  const HeatWaveSpan *spans; /* [n_spans] in the order in which the sources are added */
  PetscInt            n_spans;
} HeatWaveRow;

/** The coefficients that a block has: the first kind that fits all rows of its frame.  A later kind
 *  reads one array more.  HEAT_WAVE_CHANGING and HEAT_WAVE_EXCHANGE_CHANGING are never the kind of
 *  a block, but that of rows whose sources or fluxes HeatWaveSetSources computes for each step. */
typedef enum {
  HEAT_WAVE_PLAIN,      /* no sources, and C is the same along each row */
  HEAT_WAVE_CAPACITIES, /* no sources */
  HEAT_WAVE_SOURCES,
  HEAT_WAVE_TIMED,             /* with one source that has a factor of time */
  HEAT_WAVE_CHANGING,          /* with q of the present step, from HeatWaveSourceRow */
  HEAT_WAVE_EXCHANGE,          /* with ambient exchange */
  HEAT_WAVE_EXCHANGE_CHANGING, /* with ambient exchange, and q of the present step */
  HEAT_WAVE_KINDS
} HeatWaveKind;

/** Layout of the rings.  A row begins at a cache line; pitch and rate_pitch are odd numbers of
 *  lines.
 *
 *       |<-- SEAM -->|<------------ width ------------->|<- LANES ->|<- padding: 0 or LANES ->|
 *        seam of the    columns of the tile at step l    one column
 *        tile before                                     beyond the domain's right side
 *
 *       ring[l][f % RING]: row f of step l;  ring[depth]: d_{a-1} of stages that begin with stage a
 *
 *       |<-------- span: all columns of the tile, from HeatWaveSpanLeft on -------->|<- padding ->|
 *
 *       rate_ring[f % (depth + 2)]: row f of the rate of stages */
struct HeatWavefront {
  HeatFrame    frame;  /* by value; its grid is borrowed */
  PetscBool    stages; /* it takes the stages of rkl2, not steps of ftcs */
  HeatWaveKind kind;
  PetscInt     width;    /* W [columns]; with one tile, the frame's width rounded up to LANES */
  PetscInt     skew;     /* S [columns]; 0 with one tile */
  PetscInt     tiles;    /* number of tiles */
  PetscInt     span;     /* W + S depth [columns]: those of a tile over all steps */
  PetscInt     segments; /* number of segments of columns, 1 to 5 */
  PetscInt     cut[6];   /* segment k has columns cut[k] to cut[k + 1] - 1 of the frame */
  PetscBool    own[5];   /* whether segment k has own cells */
  PetscInt     sources;  /* number of sources in the layers */
  HeatWaveRow *rows;     /* [segments][frame.ny + 1]; owned, like everything below */
  PetscReal  **slabs;    /* [n_slabs] allocations that the rows point into */
  PetscInt     n_slabs;
  size_t       slab, used; /* size of the last slab, and the part in use [doubles] */
  PetscReal   *memory;     /* allocation that the next four point into */
  PetscReal   *ring;       /* [depth][RING][pitch] temperatures [K]; of stages, [depth + 1] */
  PetscReal *rate_ring; /* [depth + 2][rate_pitch] dT/dt at the step's beginning [K/s]; of stages */
  PetscReal *zero_row;  /* [row] zeros: an input row beyond the frame, from which no own cell is
                               computed; row is the larger pitch */
  PetscReal *discard_rows;      /* [6][row] output rows whose values are not needed afterwards: two
                                   for temperatures, two for rates, two for heat */
  PetscReal *q_rows;            /* [2][row] sources and fluxes of two rows in the present step */
  size_t     pitch, rate_pitch; /* [doubles] from one row to the next */
  PetscReal *seam;      /* [depth][frame.ny][SEAM] temperatures [K]; of stages, [depth + 1]; NULL
                              with one tile */
  PetscReal *rate_seam; /* [frame.ny][S (depth - 1)] rates; NULL with one tile, or of steps */
};

/** Return the first column of a tile's span, its first column at step `depth`.  It may lie left of
 *  the frame. */
static inline PetscInt HeatWaveSpanLeft(const HeatWavefront *w, PetscInt tile)
{
  return tile * w->width - w->skew * w->frame.depth;
}

/** Return the number of columns of the seam of rates. */
static inline size_t HeatWaveRateSeam(const HeatWavefront *w)
{
  return (size_t)w->skew * (size_t)(w->frame.depth - 1);
}

/** Return the first address at or after p that begins a cache line. */
PetscReal *HeatWaveAlign(PetscReal *p);

/** Find the kind of the coefficients, and store the rows of all tiles.  Not collective. */
PetscErrorCode HeatWaveStoreRows(HeatWavefront *w, const HeatFrameCoefficients *k);

/** Free the rows.  Not collective. */
PetscErrorCode HeatWaveFreeRows(HeatWavefront *w);

/** Return row k, 0 or 1, of the sources and fluxes of the present step. */
static inline PetscReal *HeatWaveSourceRow(const HeatWavefront *w, int k)
{
  return w->q_rows + (size_t)k * PetscMax(w->pitch, w->rate_pitch);
}

/** Compute the sources and fluxes of step l in columns [e, e + n) of rows f and f + 1 of a segment,
 *  if those of at least one of the rows change with time.  Not collective.
 *  @param[in] factors  as for HeatWavefrontRun
 *  @return whether they were computed; HeatWaveSourceRow then has them, from column e on */
PetscBool HeatWaveSetSources(HeatWavefront *w, const HeatWavefrontSides *sides,
                             const PetscReal *factors, PetscInt l, PetscInt segment, PetscInt f,
                             PetscInt e, PetscInt n);

/** What a kernel computes.  `sum` is the heat through a cell's four faces, N_faces in wavefront.h;
 *  m, n, net and rate are the members of HeatRklStage. */
typedef enum {
  HEAT_WAVE_STEP,  /* new = T + r (sum + q), with q + factor s for q if TIMED, and with an ambient
                      exchange (sum + q) + x for sum + q, where heat += x = E (T_amb - T) */
  HEAT_WAVE_RATE,  /* rate = r (sum + q), new = net rate; the first stage; with an ambient exchange
                      (sum + q) + x for sum + q, where heat += x */
  HEAT_WAVE_STAGE, /* new = (m d + n before) + (r (net sum) + rate Q); any other stage; with an
                      ambient exchange sum - x for sum, where x = E d and heat -= share x */
  HEAT_WAVE_RESULTS
} HeatWaveResult;

/** Two consecutive rows of a step, lower and upper, and what they are computed from. */
typedef struct {
  const PetscReal    *below, *low, *high, *above; /* rows of the step before [K] */
  PetscReal          *new_low, *new_high;         /* rows of this step [K] */
  const HeatWaveRow  *row[3];    /* coefficients of low, high, above; of above, south faces only */
  PetscReal           factor;    /* of the source's shape; 0 unless TIMED */
  const PetscReal    *q[2];      /* sources and fluxes of low and high [W/m]; of CHANGING */
  const HeatRklStage *stage;     /* of RATE and STAGE, with the two below */
  const PetscReal    *before[2]; /* rows of the last stage but one [K]; of STAGE */
  PetscReal          *rate[2];   /* rows of the rate [K/s] */
  PetscReal          *heat[2]; /* rows of the heat of the ambient exchange [W/m]; of kinds with it,
                                    with the two below */
  PetscBool           level;   /* T_amb is the same in all cells in this step */
  PetscReal           ambient; /* this T_amb [K]; only if `level` */
} HeatWavePair;

/** Compute cells [at, at + n) of two rows.  The first of them has column `column` of the
 *  coefficients.  Not collective. */
void HeatWaveCells(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p, PetscInt at,
                   PetscInt column, PetscInt n);

#endif
