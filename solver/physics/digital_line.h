/** The direction of a digital curve: a chain of unit steps along the sides of square cells, such as
 *  the edge between the cells of two materials.
 *
 *  A chain of steps is a digital straight segment if one straight line separates the cell centres
 *  on its left from those on its right.  The segments of a curve that cannot be made longer at
 *  either end overlap; the direction at a step is the mean of the directions of all such segments
 *  that contain the step, where a segment counts more the nearer the step is to its middle.
 *  Segments are long on straight and smooth parts and end at corners, so that the estimate adapts
 *  to the curve without a length that someone would have to choose.
 *  Source: J.-O. Lachaud, A. Vialard, F. de Vieilleville, Fast, accurate and convergent tangent
 *  estimation on digital contours, Image and Vision Computing 25 (2007) 1572 (lambda-MST). */
#ifndef HEAT_SOLVER_DIGITAL_LINE_H
#define HEAT_SOLVER_DIGITAL_LINE_H

#include <petscsys.h>

/** A step along the side of a cell.  Opposite steps differ by 2. */
typedef enum { HEAT_STEP_EAST, HEAT_STEP_NORTH, HEAT_STEP_WEST, HEAT_STEP_SOUTH } HeatStep;

/** Compute the direction of a digital curve at one of its steps.  Not collective.
 *
 *  A straight run of steps between two corners is flat: its direction is exactly the steps' own.  A
 *  corner is a turn after which the second step does not take the run's direction again, as it does
 *  in a staircase.  A run of one step is flat only between corners to the same side, as the end of
 *  a strip, or if it is the whole curve.  An end of the curve counts as a corner of longer runs.
 *  @param[in]  n          number of steps
 *  @param[in]  steps      [n] the curve
 *  @param[in]  at         index of the step
 *  @param[in]  hx, hy     length of a step along x, along y [m]
 *  @param[out] direction  unit vector
 *  @return the reach: the largest number of steps on both sides of the step that are in one
 *          segment, or in the flat run, with it */
PetscInt HeatDigitalDirection(PetscInt n, const HeatStep *steps, PetscInt at, PetscReal hx,
                              PetscReal hy, PetscReal direction[2]);

#endif
