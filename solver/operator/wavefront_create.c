/** The memory of the sweep of several steps: its tiles, rings and seams (drawn in wavefront.c and
 *  wavefront_impl.h). */
#include "solver/operator/wavefront_impl.h"

enum { LANES = HEAT_WAVE_LANES, SEAM = HEAT_WAVE_SEAM, RING = HEAT_WAVE_RING };

/* [columns] The largest W; a frame up to this wide is one tile without skew.  Chosen by measurement
   (solver/MEASURED.md): tiles of 1024 columns, and a last tile that is nearly empty, take up to
   half as long again, since each call of a kernel costs as much as some hundred cells.  At 32 steps
   a ring of this width takes 2.1 MB, which a third-level cache has to hold; a larger value was not
   measured. */
enum { WIDEST = 2048 };

/* Number of discard_rows: two for values, two for rates, two for heat. */
enum { DISCARDS = 6 };

/* Return n rounded up to an odd number of lines, which spreads rows over the sets of the cache. */
static size_t OddLines(size_t n)
{
  const size_t lines = (n + LANES - 1) / LANES;

  return (lines % 2 ? lines : lines + 1) * LANES;
}

/* Allocate the rings, zero_row, discard_rows and the seams, all zero. */
static PetscErrorCode AllocateRings(HeatWavefront *w)
{
  const size_t levels = (size_t)w->frame.depth + (w->stages ? 1 : 0);
  const size_t rates = w->stages ? (size_t)w->frame.depth + 2 : 0, ny = (size_t)w->frame.ny;
  size_t       row;

  PetscFunctionBeginUser;
  w->pitch      = OddLines((size_t)w->width + SEAM + LANES);
  w->rate_pitch = w->stages ? OddLines((size_t)w->span) : 0;
  row           = PetscMax(w->pitch, w->rate_pitch);
  PetscCall(PetscCalloc1(
      levels * RING * w->pitch + rates * w->rate_pitch + (3 + DISCARDS) * row + LANES, &w->memory));
  w->ring         = HeatWaveAlign(w->memory);
  w->rate_ring    = w->ring + levels * RING * w->pitch;
  w->zero_row     = w->rate_ring + rates * w->rate_pitch;
  w->discard_rows = w->zero_row + row;
  w->q_rows       = w->discard_rows + DISCARDS * row;
  if (w->tiles == 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(levels * ny * SEAM, &w->seam));
  if (w->stages) PetscCall(PetscCalloc1(ny * HeatWaveRateSeam(w), &w->rate_seam));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWavefrontCreate(const HeatFrame *frame, const HeatFrameCoefficients *k,
                                   PetscBool stages, HeatWavefront **out)
{
  HeatWavefront *w;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&w));
  *out       = w;
  w->frame   = *frame;
  w->stages  = stages;
  w->sources = k->sources;
  w->width   = (frame->nx + LANES - 1) / LANES * LANES;
  w->tiles   = 1;
  if (w->width > WIDEST) {
    w->skew              = HEAT_WAVE_SKEW;
    const PetscInt total = frame->nx + w->skew * frame->depth;

    w->tiles = (total + WIDEST - 1) / WIDEST; /* of equal width, so that none is nearly empty */
    w->width = ((total + w->tiles - 1) / w->tiles + LANES - 1) / LANES * LANES;
  }
  w->span = w->width + w->skew * frame->depth;
  PetscCall(HeatWaveStoreRows(w, k));
  PetscCall(AllocateRings(w));
  PetscFunctionReturn(PETSC_SUCCESS);
}

double HeatWavefrontSeam(PetscInt nx, PetscInt depth)
{
  return nx <= WIDEST ? 0.0 : (double)depth * SEAM / (double)nx;
}

PetscErrorCode HeatWavefrontDestroy(HeatWavefront **out)
{
  HeatWavefront *w = *out;

  PetscFunctionBeginUser;
  if (!w) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatWaveFreeRows(w));
  PetscCall(PetscFree(w->memory));
  PetscCall(PetscFree(w->seam));
  PetscCall(PetscFree(w->rate_seam));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
