"""The mutations: each is one fault in the sources, with the entries of `heat2d verify` that must notice it.

The text of a mutation is searched in all .c and .h files of its room, where it must occur exactly once; so a function may
move to another file of the room.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    name: str
    room: str
    old: str
    new: str
    entries: tuple[str, ...]  # each of these entries must fail
    ranks: int


def solver(name: str, old: str, new: str, entries: str, ranks: int = 1) -> Mutation:
    return Mutation(name, "solver", old, new, tuple(entries.split()), ranks)


def io(name: str, old: str, new: str, entries: str, ranks: int = 1) -> Mutation:
    return Mutation(name, "io", old, new, tuple(entries.split()), ranks)


MUTATIONS = [
    # the stencil
    solver("east face has the wrong sign", "gx[(i) + 1] * (e[i] - c[i])", "gx[(i) + 1] * (c[i] - e[i])", "modes matrix time"),
    solver("west reads east's conductance", "((gx[i] * (w[i] - c[i])", "((gx[(i) + 1] * (w[i] - c[i])",
           "matrix conservation layers"),
    solver("mass without capacity", "out[i] = mass * C[i] * c[i] - SUM(i)", "out[i] = mass * c[i] - SUM(i)", "modes matrix"),
    solver("explicit step with one cell's capacity", "k ? HeatSetValues(k->r) : HeatLoadValues(row->r + i, lanes)",
           "k ? HeatSetValues(k->r) : HeatSetValues(row->r[0])", "conservation"),
    solver("explicit step without source", "c[i] + dt / C[i] * (SUM(i) + q[i]);", "c[i] + dt / C[i] * SUM(i);",
           "time conservation"),
    solver("ambient exchange heats where it should cool", "(sweep->ambient[cell + (size_t)(i)] - c[i])",
           "(c[i] - sweep->ambient[cell + (size_t)(i)])", "exchange conservation"),
    # conductances
    solver("arithmetic for harmonic", "average == HEAT_FACE_HARMONIC ? 2.0 * a * b / (a + b)",
           "average != HEAT_FACE_HARMONIC ? 2.0 * a * b / (a + b)", "layers tealeaf contact"),
    solver("geometric for harmonic mean", "? 2.0 * a * b / (a + b) :", "? PetscSqrtReal(a * b) :", "layers space"),
    solver("conductance of the other shape", "area = axis == 0 ? g->hy : g->hx, h", "area = axis == 0 ? g->hx : g->hy, h",
           "modes"),
    solver("other axis in the halo of conductivities", "HeatConductivityField(k, axis), first, end, StripOfK",
           "HeatConductivityField(k, 1 - axis), first, end, StripOfK", "decomposition", 2),
    solver("other material in the halo", "(uint16_t)*strip++", "(uint16_t)0", "contact", 2),
    solver("contact beside the cells, not between", "*g_contact /= 1.0 + *g_contact", "*g_contact += 1.0 + *g_contact", "contact"),
    solver("stairs count with their full length", "R / HeatInterfacesCosine(interfaces, axis, j, i)", "R", "contact"),
    solver("normal of the region below", "return *high_is_inner ? high : low;", "return *high_is_inner ? low : high;", "contact"),
    solver("normal along the edge of a polygon", "cosine  = PetscAbsReal(q[v] - p[v])", "cosine  = PetscAbsReal(q[u] - p[u])", "contact"),
    solver("normal along the circle", "line->reach ? half / r->radius", "line->reach ? PetscAbsReal(off) / r->radius", "contact"),
    solver("capacity without specific heat", "HeatOperatorDensity(op, cell) * specific * g->hx", "HeatOperatorDensity(op, cell) * g->hx",
           "modes nafems"),
    solver("sides at half their conductance", "      G[face] = faces.G[k];", "      G[face] = 0.5 * faces.G[k];",
           "modes layers conservation"),
    solver("flux with the wrong sign in the cells", "(HeatSide)s, k)] += faces.F[k]", "(HeatSide)s, k)] -= faces.F[k]", "space conservation"),
    # the matrix
    solver("diagonal of half the faces", "return (f->own[0] + f->own[1]) + (f->own[2] + f->own[3])",
           "return (f->own[0] + f->own[1]) + f->own[2]", "matrix"),
    solver("positive coupling in the matrix", "values[n++] = -faces.beyond[s]", "values[n++] = faces.beyond[s]", "matrix"),
    solver("twice the stable step", "stiffness > 0.0 ? 2.0 / stiffness", "stiffness > 0.0 ? 4.0 / stiffness", "maximum"),
    # the energy account
    solver("flux with the wrong sign in the account", "(faces->T[k] - cell) + faces->F[k]", "(faces->T[k] - cell) - faces->F[k]",
           "conservation"),
    solver("account takes magnitudes of sources", "flows->sum[HEAT_FLOW_SOURCE]   = *HeatSourceLocalTotal(op->source)",
           "flows->sum[HEAT_FLOW_SOURCE]   = *HeatSourceLocalTurnover(op->source)", "conservation"),
    solver("account without dt", "HeatFlowsAdd(&e->heat, dt, flows)", "HeatFlowsAdd(&e->heat, 1.0, flows)", "conservation"),
    solver("account forgets what was before", "e->before[k] = sums[k]", "e->before[k] = 0.0", "restart"),
    solver("heat of all segments goes to the first", "HeatExactSumAdd(&heat[faces.segment[k]],", "HeatExactSumAdd(&heat[0],",
           "segments"),
    # the sides
    solver("whole cell for half a cell", "2.0 * k * g->hy / g->hx : 2.0 * k", "1.0 * k * g->hy / g->hx : 2.0 * k", "modes layers"),
    solver("film without its half cell", "film > 0.0 ? film * half / (film + half)", "film > 0.0 ? film", "space"),
    solver("flux out for flux in", "b->type == HEAT_BC_FLUX ? at->face_length : 1.0",
           "b->type == HEAT_BC_FLUX ? -at->face_length : 1.0", "space time"),
    solver("films and fluxes over the wrong length", "{g, c, side, n, side < HEAT_BOTTOM ? g->hy : g->hx}",
           "{g, c, side, n, side < HEAT_BOTTOM ? g->hx : g->hy}", "space"),
    solver("sides stay at their first value", "if (s->stretches[n].varies) PetscCall(", "if (s->stretches[n].varies && t.when.t < 0.0) PetscCall(",
           "time space nafems"),
    solver("faces at their lower ends", "along = k < n ? (PetscReal)k + 0.5", "along = k < n ? (PetscReal)k", "space"),
    solver("radiation a little weak", "HEAT_STEFAN_BOLTZMANN * at->face_length", "0.999 * HEAT_STEFAN_BOLTZMANN * at->face_length", "radiation"),
    solver("half cell with the cell's conductivity", "s->half[f]   = half->per_k * surface.mean;",
           "s->half[f]   = half->per_k * half->k_c;", "kirchhoff"),
    solver("mean of two ends for the mean of k(T)", "m->mean_a[i] * ratio;", "0.5 * (a->k[i] + b->k[i]) * ratio;", "kirchhoff"),
    solver("pieces at knots do not meet", "p->low[++n] = knots->T[k];", "p->low[++n] = knots->T[k] + 1.0;", "kirchhoff"),
    # sources
    solver("source times a length for the area", ": value * (s->grid->hx * s->grid->hy)", ": value * s->grid->hx", "space time"),
    solver("uniform source twice", "*heat = HeatOfCell(s, term, value);", "*heat = 2.0 * HeatOfCell(s, term, value);", "time"),
    solver("power as if it were a density", "? value / (PetscReal)term->share", "? value * (s->grid->hx * s->grid->hy)", "power"),
    solver("power shared by the cells of one rank", "MPI_SUM, s->grid->comm", "MPI_MAX, s->grid->comm", "power", 2),
    solver("source stays at its first value", "if (!changed) PetscFunctionReturn(PETSC_SUCCESS);", "if (!changed || when.t > 0.0) PetscFunctionReturn(PETSC_SUCCESS);",
           "time space"),
    # the halo
    solver("halo sends the other edge", "PackEdge(g, (HeatSide)s, u, h->send[s])", "PackEdge(g, Opposite((HeatSide)s), u, h->send[s])",
           "halo decomposition", 2),
    solver("halo is not sent", "MPI_Startall(h->n_requests, h->requests)", "MPI_Startall(0, h->requests)", "halo decomposition", 2),
    solver("ring reads its own edge", "PackEdge(g, Opposite((HeatSide)s), u, h->ghost[s])", "PackEdge(g, (HeatSide)s, u, h->ghost[s])",
           "halo modes"),
    solver("first column for the last", "u + (side == HEAT_LEFT ? 0 : width - 1)", "u", "halo decomposition", 2),
    # several steps at once
    solver("heat between two rows counted twice", "(gn * (above - high.here) - up))", "(gn * (above - high.here) + up))", "decomposition"),
    solver("stages of rkl2 begin with another increment", "l == 2 && s->stages->first", "l == 3 && s->stages->first", "modes"),
    solver("stages of rkl2 leave out a part of the rate", ".rate  = (k.mt + k.gt) * dt", ".rate  = k.gt * dt", "modes"),
    solver("tiles do not meet", "if (needed[k] && l < s->steps) LoadSeam(s, l, f + k);", ";", "decomposition"),
    solver("heat of a side from the wrong cell", "edge[HEAT_LEFT][own] = row[0]", "edge[HEAT_LEFT][own] = row[1]", "decomposition"),
    solver("deep halo from the other end", "HeatFrameRow(f, field, last + d, 0,", "HeatFrameRow(f, field, first + d, 0,", "decomposition", 2),
    # painting
    solver("right edges belong to a region", "y >= r->y[1] - band", "y > r->y[1] + band", "painting"),
    solver("cells by their left edge", "(x - x0) / h - 0.5 - EDGE", "(x - x0) / h - EDGE", "painting"),
    solver("touched cells left out of TeaLeaf's rule", "PetscCeilReal(xmin - 1.0)", "PetscCeilReal(xmin)", "painting tealeaf"),
    # time
    solver("explicit step a little long", "HeatOperatorStep(s->op, info->dt, old, new)", "HeatOperatorStep(s->op, 1.01 * info->dt, old, new)",
           "modes conservation time"),
    solver("rkl2 takes a stage's heat twice", "k.gt = -(1.0 - B(j - 1)) * k.mt", "k.gt = (1.0 - B(j - 1)) * k.mt", "modes time"),
    solver("theta a little off", ".theta = 0.5, .create", ".theta = 0.55, .create", "modes time"),
    solver("backward Euler is Crank-Nicolson", ".theta = 1.0, .create", ".theta = 0.5, .create", "modes maximum time"),
    solver("old time for the new", "{.t = t + dt, .sigma = 1.0 / (theta * dt)}", "{.t = t, .sigma = 1.0 / (theta * dt)}", "time space"),
    solver("account without theta", "HeatStepperAddFlows(s, s->next, theta, &info->flows)", "HeatStepperAddFlows(s, s->next, 1.0, &info->flows)",
           "conservation"),
    solver("esdirk with a coefficient of another method", "-654441.0 / 2922500.0", "-2922.0 / 441025.0", "modes time"),
    solver("steady state at any level", "VecShift(s->next, -heat[0] / heat[1])", "VecShift(s->next, heat[0] / heat[1])", "conservation"),
    # events
    solver("end of a step seen from outside", "moment.lean = -margin;", "moment.lean = margin;", "events"),
    solver("switches not searched", "HeatSwitchesCan(&s->tree, k) && SwitchVariables(&s->tree, o) == HEAT_VAR_TIME &&",
           "HeatSwitchesCan(&s->tree, k) && SwitchVariables(&s->tree, o) == 0 &&", "events"),
    solver("peaks of formulas not searched", "if (timed && !inner[k]) PetscCall(", "if (timed && !inner[k] && k < 0) PetscCall(", "events"),
    solver("bdf2 remembers across a switch", "  ((Bdf2 *)s->data)->n = 0;\n  PetscFunctionReturn(PETSC_SUCCESS);",
           "  (void)s;\n  PetscFunctionReturn(PETSC_SUCCESS);", "events"),
    solver("line with the weights of another rule", "49.0 / 90.0, 32.0 / 45.0,", "49.0 / 90.0, 30.0 / 45.0,", "events"),
    # points, integrals, restart
    solver("face's temperature weighted the wrong way", "factor * FaceWeightNear(k[a], k[b], face)", "factor * FaceWeightFar(k[a], k[b], face)",
           "layers"),
    solver("integral without its weight", "if (weight == HEAT_WEIGHT_DENSITY) w = HeatOperatorDensity(op, cell)",
           "if (weight == HEAT_WEIGHT_DENSITY) w = 1.0", "tealeaf painting"),
    io("restart loses the clock", "state->time = info->time", "state->time = 0.0", "restart"),
    io("restart takes another step", "state->step_size = step_size", "state->step_size = 0.5 * step_size", "restart"),
]
