"""Test that the reference workload catches cheats (inputs/benchmark/RULES.md).

Each cheat changes a copy of the sources, as a dishonest vendor might.  The program is built from it, and `heat2d bench` must find the
result INVALID (exit code 5) for a reason that contains the words of the cheat, or have no result (exit code 3).
Where the words begin with "audit", the unchanged program must find the same in the files of the cheat, and tell that they are of other
sources.  Where the checker was edited, too, only the unchanged program has to find the cheat.

    python3 tests/mutations/cheats.py --build build [NAME ...]
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
from run import ROOT, SourceCopy, environment, shell  # noqa: E402

RANKS = 2
TOO_SHORT = "the timed steps took"


@dataclass(frozen=True)
class Cheat:
    name: str
    file: str
    old: str
    new: str
    words: str
    workload: str = "implicit"
    duration: str = "0.01"  # one cycle
    also: tuple[tuple[str, str, str], ...] = ()  # further changes: file, old, new
    blind: bool = False  # the checker was edited, too: only the audit by the unchanged program finds the cheat


FIELD, PROBLEM, MODES, CHECKPOINT, LAST = (f"app/bench/bench_{part}.c" for part in ("field", "problem", "modes", "checkpoint", "last"))
EACH_CELL = "for (PetscInt k = 0; k < p->grid->nyl * p->grid->nxl; k++)"  # of a block
CHEATS = [
    Cheat("loosened tolerance", PROBLEM, "HEAT_BENCH_CYCLE, HeatBenchTolerance,", "HEAT_BENCH_CYCLE, 1000 * HeatBenchTolerance,",
          "field: the residual of a step is"),
    Cheat("the textbook's answer is pasted in", MODES,
          "PetscCall(HeatBenchAdvance(p, HeatBenchModeSteps(q->id.workload)));",
          "PetscCall(VecGetArrayWrite(p->T, &T)); for (PetscInt j = 0; j < g->nyl; j++) for (PetscInt i = 0; i < g->nxl; i++) "
          "T[(size_t)j * (size_t)g->nxl + (size_t)i] = Sum(g, cosines, c->continuous, i, j); "
          "PetscCall(VecRestoreArrayWrite(p->T, &T));",
          "modes: the distance to the solution of the differential equation"),
    Cheat("every other step is skipped", PROBLEM, "    steps -= n;", "    steps -= 2 * n;", "modes: the relative error is"),
    Cheat("every other explicit step is skipped", PROBLEM, "    steps -= n;", "    steps -= 2 * n;", "modes: the relative error is",
          "explicit"),
    Cheat("the solution has 32 bits", PROBLEM, "    PetscCall(Sweep(p, n, &info));",
          "    PetscCall(Sweep(p, n, &info)); { PetscReal *T; PetscCall(VecGetArray(p->T, &T)); " + EACH_CELL +
          " T[k] = (float)T[k]; PetscCall(VecRestoreArray(p->T, &T)); }", "audit: field: the residual in the windows"),
    Cheat("constant coefficients", PROBLEM, ": HeatDrawMaterial(nonce, g->xs + i, g->ys + j);", ": 0;",
          "audit: field: the residual in the windows"),
    Cheat("a smaller field is copied", FIELD, "  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "  " + EACH_CELL.replace("k = 0", "k = 1").replace("k++", "k += 2") + " T[k] = T[k - 1];\n  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "audit: field, cycle 0: the first field is not the one of this nonce"),
    Cheat("the field of another nonce", FIELD, "HeatDrawTemperature(run->q->id.nonce,", "HeatDrawTemperature(run->q->id.nonce + 1,",
          "audit: field, cycle 0: the first field is not the one of this nonce"),
    Cheat("halo of the wrong row", "solver/grid/halo.c", "side == HEAT_BOTTOM ? 0 : (size_t)g->nyl - 1", "side == HEAT_BOTTOM ? 0 : (size_t)g->nyl - 2",
          "no result: the linear solver stopped without converging"),
    Cheat("every hundredth halo exchange is left out", "solver/grid/halo.c", "    PetscCall(PackEdge(g, (HeatSide)s, u, h->send[s]));",
          "    if (h->counts.exchanges % 100 != 99) PetscCall(PackEdge(g, (HeatSide)s, u, h->send[s]));",
          "field: the energy account is off"),
    Cheat("chosen windows", "app/bench/proof.c", "HeatWindowDraw(&proof->id, c, k, &windows[k])",
          "HeatWindowDraw(&proof->id, c, 0, &windows[k])",
          "a window is not where nonce and roots place it, or its path does not lead to the root"),
    Cheat("checkpoints of another nonce", CHECKPOINT, "run->q->id.nonce, cycle,", "run->q->id.nonce + 1, cycle,",
          "audit: field, cycle 0: a checkpoint is not of the field of this nonce", "checkpoint"),
    Cheat("a cell changes between disk and memory", CHECKPOINT, "  PetscCall(HeatCheckpointStateClear(&state));",
          "  PetscCall(HeatCheckpointStateClear(&state)); run->back[0] += 1e-9;", "audit: field, cycle 0: the field that was read back",
          "checkpoint"),
    Cheat("later cycles begin with a constant field", FIELD, "  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "  if (cycle > 0) " + EACH_CELL + " T[k] = 256.5;\n  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "audit: field, cycle 1: the field is not the one to which the steps lead", "explicit", "0.2"),
    Cheat("later cycles begin with the equilibrium, which needs no iteration", FIELD,
          "  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "  if (cycle > 0) " + EACH_CELL + " T[k] = 256.5;\n  PetscCall(HeatEnergyStart(&p->energy, p->op, T));",
          "audit: field, cycle 1: the field is not the one to which the steps lead", duration="8"),
    Cheat("steps before the committed one are left out", FIELD, "  PetscCall(HeatBenchAdvance(run->p, committed - 1));",
          "  run->p->step += committed - 1;", "audit: field, cycle 1: the field is not the one to which the steps lead", "explicit", "0.2"),
    Cheat("explicit steps after the committed one are left out", FIELD,
          "  PetscCall(HeatBenchAdvance(run->p, HEAT_BENCH_CYCLE - committed));", "  run->p->step = HEAT_BENCH_CYCLE;",
          "audit: last, cycle ", "explicit", "0.001"),
    Cheat("steps after the committed one are left out", FIELD,
          "  PetscCall(HeatBenchAdvance(run->p, HEAT_BENCH_CYCLE - committed));", "  run->p->step = HEAT_BENCH_CYCLE;",
          "audit: last, cycle ", duration="0.001"),
    Cheat("a cell changes between memory and file", LAST, "  PetscCall(HeatFieldFileWrite(grid, path, &options, 1, &field, &stats));",
          "  ((PetscReal *)T)[0] += 1e-9;\n  PetscCall(HeatFieldFileWrite(grid, path, &options, 1, &field, &stats));",
          "the last field: its file has the checksum"),
    Cheat("the checker's tolerance is edited with the solver's", "app/bench/definition.c", "HeatBenchTolerance = 1e-11;",
          "HeatBenchTolerance = 1e-6;", "audit: field: the residual in the windows", blind=True,
          also=(("app/bench/definition.c", "HeatBenchBalance           = 1e-11;", "HeatBenchBalance           = 1e-3;"),)),
    Cheat("the checker is edited so that it finds nothing", PROBLEM, ": HeatDrawMaterial(nonce, g->xs + i, g->ys + j);", ": 0;",
          "audit: field: the residual in the windows", blind=True,
          also=((PROBLEM, "  if (r->n_reasons == HEAT_BENCH_REASONS) return;", "  return;"),)),
    Cheat("cycles that get few windows are left out", FIELD, "  PetscCall(BeginCycle(run, cycle));",
          "  if (cycle > 0 && !HeatBenchIsChosen(cycle)) { run->r->field.residuals[cycle] = 0.0; run->r->times[run->r->cycles++] = 1e-3; "
          "run->r->seconds += 1e-3; run->r->steps += HEAT_BENCH_CYCLE; PetscFunctionReturn(PETSC_SUCCESS); }\n"
          "  PetscCall(BeginCycle(run, cycle));", "audit: field, cycle 3: its commitment is missing or malformed", "explicit", "0.2"),
    Cheat("only every other solve is accurate", "solver/implicit/linear_solve.c", "  PetscCall(CallKSP(l, l->ksp, b, x));\n  PetscCall(InitialNorm",
          "  { static int turn = 0; PetscCall(KSPSetTolerances(l->ksp, turn++ % 2 ? 1e-5 : 1e-11, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT)); }\n"
          "  PetscCall(CallKSP(l, l->ksp, b, x));\n  PetscCall(InitialNorm", "modes: the relative error is"),
]


def bench(copy: SourceCopy, cheat: Cheat, program: Path, *args: str) -> tuple[int, str]:
    done = shell([*copy.mpiexec, "-n", str(RANKS), str(program), "bench", *args], 300, cwd=copy.work, env=environment())
    return done.returncode, done.stdout + done.stderr


def try_cheat(copy: SourceCopy, cheat: Cheat, honest: Path) -> str:
    """Return why the cheat is not caught as it should be, or ""."""
    texts = {}  # of the files before the changes
    try:
        for file, old, new in ((cheat.file, cheat.old, cheat.new), *cheat.also):
            path = copy.source / file
            text = path.read_text()
            texts.setdefault(path, text)
            if text.count(old) != 1:
                return f"its text occurs {text.count(old)} times in {file}:\n    {old}"
            path.write_text(text.replace(old, new))
        failure = copy.compile()
        if failure:
            return f"it does not compile:\n{failure[-2000:]}"
        shutil.rmtree(copy.work / "out", ignore_errors=True)
        code, output = bench(copy, cheat, copy.build / "heat2d", "--class", "tiny", "--duration", cheat.duration, "--nonce", "7",
                             "--workload", cheat.workload, "--output", "out")
    finally:
        for path, text in texts.items():
            path.write_text(text)
    record = copy.work / "out" / "results.json"
    reasons = json.loads(record.read_text())["bench"]["reasons"] if record.exists() else []
    if cheat.words.startswith("no result: "):
        return "" if code == 3 and not record.exists() and cheat.words[11:] in output else f"exit code {code}\n{output[-2000:]}"
    caught = [reason for reason in reasons if cheat.words in reason]
    if cheat.blind:
        if not record.exists() or [reason for reason in reasons if TOO_SHORT not in reason]:
            return f"its own checker is not blind: exit code {code}, reasons {reasons}\n{output[-2000:]}"
    elif code != 5 or not caught:
        return f"exit code {code}, reasons {reasons}\n{output[-2000:]}"
    if "audit" in cheat.words:
        code, output = bench(copy, cheat, honest, "--recompute", "out")
        if code != 5 or cheat.words not in output:
            return f"the audit by the unchanged program: exit code {code}\n{output[-2000:]}"
        if ": not the sources of this program\n" not in output:
            return f"the audit does not tell that the sources were changed\n{output[-2000:]}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="a configured build folder")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--mpiexec", default=os.environ.get("MPIEXEC", "mpiexec"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="cheats to try; all by default")
    arguments = parser.parse_args()
    chosen = [cheat for cheat in CHEATS if not arguments.names or cheat.name in arguments.names]
    if not chosen:
        sys.exit("there is no such cheat")
    with tempfile.TemporaryDirectory(prefix="heat2d-cheats-") as work:
        copy = SourceCopy(Path(work), arguments.build, arguments.cmake, arguments.mpiexec.split())
        failure = copy.compile()
        if failure:
            sys.exit(f"the sources do not build:\n{failure[-4000:]}")
        honest = Path(work) / "honest"
        shutil.copy(copy.build / "heat2d", honest)
        bad = 0
        for cheat in chosen:
            start = time.monotonic()
            failure = try_cheat(copy, cheat, honest)
            bad += bool(failure)
            print(f"{'FAIL' if failure else 'pass'}  {cheat.name}: {failure or 'caught'}  ({time.monotonic() - start:.1f} s)", flush=True)
    print(f"{len(chosen)} cheats, {bad} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
