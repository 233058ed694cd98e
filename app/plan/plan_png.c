/** Ownership maps as PNG pictures.  Each pixel has the colour of the node that owns its place.
 *  Blocks that are large enough have white edges, and blocks that have room for it the number of
 *  their rank. */
#include <stdio.h>
#include <string.h>

#include "app/plan/plan_map.h"
#include "io/file/png.h"

enum {
  LONGER   = 1024, /* pixels of the longer side; chosen */
  SHORTER  = 64,   /* least pixels of the other side; chosen */
  LINED    = 4,    /* least mean width of blocks [pixels] whose edges are drawn; chosen */
  DIGIT_X  = 4,    /* width of a digit with the space beside it [pixels], before scaling */
  DIGIT_Y  = 5,    /* height of a digit [pixels], before scaling */
  LARGEST  = 4,    /* largest factor by which digits are scaled; chosen */
  CHANNELS = 3     /* bytes of a pixel: red, green, blue */
};

typedef struct {
  const HeatLayout *l;
  PetscInt          width, height;
  unsigned char    *pixels; /* owned [height][width][CHANNELS] */
} Canvas;

/* Return the column of blocks at column i of pixels. */
static PetscInt ColumnAt(const Canvas *s, PetscInt i)
{
  return HeatLayoutPart(s->l, 0,
                        (PetscInt)((double)s->l->nx * ((double)i + 0.5) / (double)s->width));
}

/* Return the row of blocks at row j of pixels, which are counted from the top. */
static PetscInt RowAt(const Canvas *s, PetscInt j)
{
  return HeatLayoutPart(
      s->l, 1,
      (PetscInt)((double)s->l->ny * ((double)(s->height - 1 - j) + 0.5) / (double)s->height));
}

/* Set the colour of pixel (i, j), unless it is outside of the picture. */
static void Paint(Canvas *s, PetscInt i, PetscInt j, HeatMapColour c)
{
  unsigned char *p = s->pixels + CHANNELS * ((size_t)j * (size_t)s->width + (size_t)i);

  if (i < 0 || j < 0 || i >= s->width || j >= s->height) return;
  p[0] = c.r;
  p[1] = c.g;
  p[2] = c.b;
}

/* Paint all pixels; edges of blocks are white. */
static void PaintBlocks(Canvas *s)
{
  const HeatMapColour white   = {255, 255, 255};
  const PetscBool     columns = s->width / s->l->px >= LINED ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool     rows    = s->height / s->l->py >= LINED ? PETSC_TRUE : PETSC_FALSE;

  for (PetscInt j = 0; j < s->height; j++) {
    const PetscInt  jp   = RowAt(s, j);
    const PetscBool edge = rows && j > 0 && RowAt(s, j - 1) != jp ? PETSC_TRUE : PETSC_FALSE;

    for (PetscInt i = 0; i < s->width; i++) {
      const PetscInt ip = ColumnAt(s, i);

      if (edge || (columns && i > 0 && ColumnAt(s, i - 1) != ip)) Paint(s, i, j, white);
      else Paint(s, i, j, HeatMapColourOf(s->l, ip, jp));
    }
  }
}

/* Paint a digit with its upper left corner at pixel (i, j).  `rows` has five rows of three bits,
   each of which becomes a square of `scale` pixels. */
static void PaintDigit(Canvas *s, PetscInt i, PetscInt j, int digit, PetscInt scale)
{
  static const unsigned char rows[10][DIGIT_Y] = {
      {7, 5, 5, 5, 7}, {2, 6, 2, 2, 7}, {7, 1, 7, 4, 7}, {7, 1, 7, 1, 7}, {5, 5, 7, 1, 1},
      {7, 4, 7, 1, 7}, {7, 4, 7, 5, 7}, {7, 1, 1, 1, 1}, {7, 5, 7, 5, 7}, {7, 5, 7, 1, 7}};
  const HeatMapColour black = {0, 0, 0};

  for (PetscInt y = 0; y < DIGIT_Y * scale; y++)
    for (PetscInt x = 0; x < 3 * scale; x++)
      if (rows[digit][y / scale] >> (2 - x / scale) & 1) Paint(s, i + x, j + y, black);
}

/* Return the first pixel of column or row p of blocks along an axis. */
static PetscInt EdgeOf(const Canvas *s, int axis, PetscInt p)
{
  const PetscInt pixels = axis == 0 ? s->width : s->height;

  return (PetscInt)((double)pixels * (double)HeatLayoutCut(s->l, axis, p) /
                    (double)HeatLayoutCells(s->l, axis));
}

/* Paint the number of each rank into its block, if the blocks have room for all numbers. */
static void PaintNumbers(Canvas *s)
{
  const HeatLayout *l      = s->l;
  const int         digits = snprintf(NULL, 0, "%" PetscInt_FMT, l->size - 1);
  const PetscInt    scale  = PetscMin(LARGEST, PetscMin(s->width / l->px / (DIGIT_X * digits + 2),
                                                        s->height / l->py / (DIGIT_Y + 2)));
  char              text[32];

  for (PetscInt rank = 0; scale > 0 && rank < l->size; rank++) {
    const PetscInt ip = rank % l->px, jp = rank / l->px;
    const PetscInt n = snprintf(text, sizeof text, "%" PetscInt_FMT, rank);
    const PetscInt x = (EdgeOf(s, 0, ip) + EdgeOf(s, 0, ip + 1)) / 2;
    const PetscInt y = s->height - (EdgeOf(s, 1, jp) + EdgeOf(s, 1, jp + 1)) / 2;

    for (PetscInt k = 0; k < n; k++)
      PaintDigit(s, x - DIGIT_X * scale * n / 2 + DIGIT_X * scale * k, y - DIGIT_Y * scale / 2,
                 text[k] - '0', scale);
  }
}

PetscErrorCode HeatPlanDrawPng(const HeatPlan *p, HeatMapText *out)
{
  const double   ratio = (double)p->layout.ny / (double)p->layout.nx;
  Canvas         s     = {.l = &p->layout, .width = LONGER, .height = LONGER};
  unsigned char *bytes;

  PetscFunctionBeginUser;
  if (ratio < 1.0) s.height = PetscMax(SHORTER, (PetscInt)(LONGER * ratio));
  else s.width = PetscMax(SHORTER, (PetscInt)(LONGER / ratio));
  PetscCall(PetscMalloc1(CHANNELS * s.width * s.height, &s.pixels));
  PaintBlocks(&s);
  PaintNumbers(&s);
  PetscCall(HeatPngEncode(s.width, s.height, s.pixels, &bytes, &out->n));
  out->text = (char *)bytes;
  PetscCall(PetscFree(s.pixels));
  PetscFunctionReturn(PETSC_SUCCESS);
}
