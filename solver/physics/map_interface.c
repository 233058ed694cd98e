/** Tracing the edge of a material from face to face.
 *
 *  A face has a cell of the material on its left, and a cell of another one on its right, as seen
 *  along the trace.  The two cells ahead decide how the edge continues; # is the material:
 *
 *         #|.            # #            . .             . #
 *         -+-            -+-            -+-             -+-      (the face lies below the +)
 *         #|.            #|.            #|.             #|.
 *       straight       to the right   to the left     undecided: the trace ends
 *
 *  It also ends at a side of the domain, and after REACH faces in either direction.  Where a third
 *  material joins, the edge of one of the two materials continues, and that of the other one turns
 *  away.  Both are then traced, and the one whose straight segments reach further to both sides of
 *  the face counts. */
#include "solver/physics/map_interface.h"

#include <math.h>

#include "solver/grid/deep_halo.h"
#include "solver/physics/digital_line.h"

/* Faces of a trace in either direction.  Chosen: with it the length of an edge at a small angle is
   right within 1/(2 REACH^2) = 0.05 %, and a circle's segments are not cut below a radius of 100
   cells, from where the error is below 0.1 % anyway (solver/MEASURED.md).  More would need wider
   surroundings; less would make shallow slopes flat. */
enum { REACH = 32 };

/* Fewest stairs, of one pixel each, that make the edge of a refined map slanted or round.  Chosen:
   fewer are the jogs of a shape with sides along the axes, whose coordinates happen to have a
   common divisor; more would make slopes straight that have so few stairs within reach. */
enum { FEWEST_STAIRS = 3 };

/* Material of cells beyond the domain; more than any index. */
static const uint16_t Outside = UINT16_MAX;

struct HeatMapInterface {
  const HeatGrid *grid;     /* borrowed */
  PetscInt        pixel;    /* [cells] along either axis */
  PetscInt        depth;    /* [cells] beyond the block */
  size_t          stride;   /* nxl + 2 depth */
  uint16_t       *material; /* owned [nyl + 2 depth][stride] */
};

/* A cell, or a distance between two, in local columns and rows. */
typedef struct {
  PetscInt i, j;
} Cell;

/* A face of a trace, the side of a pixel: a cell in the pixel on its left, and the one in the same
   place of the pixel on its right. */
typedef struct {
  Cell left, right;
} Face;

static Cell Plus(Cell a, Cell b) { return (Cell){a.i + b.i, a.j + b.j}; }

static uint16_t MaterialAt(const HeatMapInterface *map, Cell cell)
{
  return map->material[(size_t)(cell.j + map->depth) * map->stride + (size_t)(cell.i + map->depth)];
}

/* Return the direction of a face, a quarter turn to the left of the way from its left to its right
   cell. */
static HeatStep StepOf(const Face *f)
{
  if (f->left.i != f->right.i) return f->right.i > f->left.i ? HEAT_STEP_NORTH : HEAT_STEP_SOUTH;
  return f->right.j > f->left.j ? HEAT_STEP_WEST : HEAT_STEP_EAST;
}

/* Move a face on along the edge of `material`.  Return false where the trace ends.
   @param[in] backwards  move against the direction of the face */
static PetscBool NextFace(const HeatMapInterface *map, uint16_t material, PetscBool backwards,
                          Face *f)
{
  const PetscInt  sign  = backwards ? -1 : 1;
  const Cell      ahead = {sign * (f->left.j - f->right.j), sign * (f->right.i - f->left.i)};
  const Cell      left = Plus(f->left, ahead), right = Plus(f->right, ahead);
  const uint16_t  at_left = MaterialAt(map, left), at_right = MaterialAt(map, right);
  const PetscBool in_left  = at_left == material ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool in_right = at_right == material ? PETSC_TRUE : PETSC_FALSE;

  if (at_left == Outside || at_right == Outside || (!in_left && in_right)) return PETSC_FALSE;
  if (in_left) f->left = in_right ? right : left;
  if (!in_right) f->right = in_left ? right : left;
  return PETSC_TRUE;
}

/* Return the number of stairs: steps between two steps of another, common direction. */
static PetscInt CountStairs(PetscInt n, const HeatStep *steps)
{
  PetscInt stairs = 0;

  for (PetscInt k = 1; k + 1 < n; k++)
    stairs += steps[k - 1] == steps[k + 1] && steps[k] != steps[k + 1];
  return stairs;
}

/* Compute the direction of the edge of the material on the left of a face.  Return the reach of its
   segments, as HeatDigitalDirection does.
   @param[out] pure  no third material was met */
static PetscInt TraceEdge(const HeatMapInterface *map, Face face, PetscReal direction[2],
                          PetscBool *pure)
{
  const uint16_t material = MaterialAt(map, face.left), other = MaterialAt(map, face.right);
  HeatStep       steps[2 * REACH + 1];
  PetscInt       first = REACH, end = REACH + 1;

  *pure        = PETSC_TRUE;
  steps[first] = StepOf(&face);
  for (int backwards = 0; backwards < 2; backwards++) {
    Face f = face;

    for (PetscInt k = 0; k < REACH; k++) {
      if (!NextFace(map, material, backwards ? PETSC_TRUE : PETSC_FALSE, &f)) break;
      if (MaterialAt(map, f.right) != other) *pure = PETSC_FALSE;
      steps[backwards ? --first : end++] = StepOf(&f);
    }
  }
  if (map->pixel > 1 && CountStairs(end - first, steps + first) < FEWEST_STAIRS)
    return HeatDigitalDirection(1, &steps[REACH], 0, 1.0, 1.0, direction);
  return HeatDigitalDirection(end - first, steps + first, REACH - first, map->grid->hx,
                              map->grid->hy, direction);
}

PetscErrorCode HeatMapInterfaceCreate(const HeatGrid *g, const uint16_t *material, PetscInt pixel,
                                      HeatMapInterface **out)
{
  HeatMapInterface *map;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&map));
  *out        = map;
  map->grid   = g;
  map->pixel  = pixel;
  map->depth  = (REACH + 1) * pixel;
  map->stride = (size_t)(g->nxl + 2 * map->depth);
  PetscCall(PetscMalloc1(HeatSurroundingsSize(g, map->depth), &map->material));
  PetscCall(HeatSurroundingsFetch(g, material, map->depth, Outside, map->material));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The edge is parallel to the face's own direction as far as the interface's normal is to the
   face's: |n.e| is the component of the direction along the face. */
PetscReal HeatMapInterfaceCosine(const HeatMapInterface *map, int axis, PetscInt j, PetscInt i)
{
  const Cell low  = {i - (axis == 0), j - (axis == 1)};
  const Cell high = {low.i + (axis == 0 ? map->pixel : 0), low.j + (axis == 1 ? map->pixel : 0)};
  const Face face = {low, high}, reversed = {high, low};
  PetscReal  direction[2], of_high[2];
  PetscBool  pure, pure_high;
  const PetscInt reach = TraceEdge(map, face, direction, &pure);

  if (!pure && TraceEdge(map, reversed, of_high, &pure_high) > reach)
    return PetscAbsReal(of_high[1 - axis]);
  return PetscAbsReal(direction[1 - axis]);
}

PetscErrorCode HeatMapInterfaceDestroy(HeatMapInterface **out)
{
  PetscFunctionBeginUser;
  if (!*out) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree((*out)->material));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
