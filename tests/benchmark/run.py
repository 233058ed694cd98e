#!/usr/bin/env python3
"""Measure the linear solve of a step against its peers on this machine.

    python3 tests/benchmark/run.py [--quick] [--ranks 1 2] [--json FILE] [--markdown FILE] ...

The program bench_solver of this folder measures one problem on one number of ranks.  All solvers and STREAM
take turns, so that disturbances of the machine affect all of them.  The printed numbers are medians over the
turns and over all steps but the first; ratios are taken between medians of one run.  Leave the machine idle
meanwhile: one other busy process halves a result of two ranks.
"""
from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
CORES = len(os.sched_getaffinity(0))

# The solvers of bench_solver, in the order of the columns.
SOLVERS = ("ours", "ours-cg", "gamg", "gamg-0.05", "pcmg", "jacobi", "pfmg", "pfmg-jacobi")
SIZES = {"deck": (250, 500, 1000, 2000, 4000), "constant": (1000, 4000), "random": (1000, 4000)}
QUICK = (250, 500)
TOLERANCES = (1e-8, 1e-14)

# The least memory traffic of an iteration over all levels [bytes per cell]: the single-precision cycle of 2 + 2
# sweeps, its operator, and the fused double-precision vectors of CG, each array counted once for each pass.
BYTES = {"heatcg+heatmg": 97.0}
NOT_CHOSEN = "not chosen"
OVER_BUDGET = "over the budget"  # bench_solver prints these words
# A true residual may exceed the tolerance by this many times the rounding of one product with the solution; chosen.
ROUNDINGS = 20.0


# ---- the machine ----


def cache_of_build(build: Path) -> dict[str, str]:
    path = build / "CMakeCache.txt"
    return dict(re.findall(r"^([\w-]+):\w+=(.*)$", path.read_text(), re.M)) if path.exists() else {}


def words_of(*command: str) -> str:
    """Return the standard output of a command, or "" if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def last_level_cache() -> int:
    """Return the size of the last-level cache [bytes], or 32 MiB if the kernel does not report it."""
    sizes = [path.read_text().strip() for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    units = {"K": 1 << 10, "M": 1 << 20}
    return max((int(size[:-1]) * units[size[-1]] for size in sizes if size[-1:] in units), default=32 << 20)


def processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.*)$", info.read_text(), re.M) if info.exists() else None
    return found[1] if found else os.uname().machine


def mpi_version(mpiexec: list[str]) -> str:
    text = words_of(*mpiexec, "--version")
    if "HYDRA" not in text:
        return text.splitlines()[0] if text else "unknown"
    return "MPICH " + re.search(r"Version:\s*(\S+)", text)[1]


def launcher(mpiexec: list[str], ranks: int) -> list[str]:
    bind = ["-bind-to", "core"] if ranks <= CORES and "HYDRA" in words_of(*mpiexec, "--version") else []
    return [*mpiexec, *bind, "-n", str(ranks)]


# ---- measuring ----


def measure(arguments, problem: str, cells: int, ranks: int, solvers: list[str]) -> tuple[list[dict], str]:
    """Return the records of one run of bench_solver, and its error or ""."""
    command = [*launcher(arguments.mpiexec, ranks), str(arguments.program), "-problem", problem, "-cells", str(cells),
               "-solvers", ",".join(solvers), "-tolerances", ",".join(f"{t:g}" for t in arguments.tolerances),
               "-repeats", str(arguments.repeats), "-steps", str(arguments.steps), "-budget", str(arguments.budget),
               "-stream_mib", str(arguments.stream_mib), *arguments.options]
    # Budgets do not include what is not timed, nor the step that exceeds the budget.
    limit = 600 + 4 * arguments.budget * len(solvers)
    done = subprocess.run(["timeout", "-k", "5", str(limit), *command], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, env=dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{") and line.endswith("}")]
    wrong = f"exit code {done.returncode} of {shlex.join(command)}\n{done.stderr[-2000:]}" if done.returncode else ""
    return records, wrong


def predicted(measurements: list[dict], problem: str, cells: int, ranks: int, solver: str) -> float:
    """Predict the time of a turn [s] from the next smaller grid of the problem: it grows with the cells times the
    iterations, and the iterations grow with the grid only without a multigrid."""
    smaller = [m for m in measurements if (m["problem"], m["ranks"]) == (problem, ranks) and m["cells"] < cells]
    if not smaller:
        return 0.0
    before = max(smaller, key=lambda m: m["cells"])
    entry = before["summary"]["solvers"][solver]
    if "turn_seconds" not in entry:  # over the budget, or not available
        over = any(result["skipped"] == OVER_BUDGET for result in entry["tolerances"].values())
        return float("inf") if over else 0.0
    return entry["turn_seconds"] * (cells / before["cells"]) ** (3 if solver == "jacobi" else 2)


# ---- evaluating ----


def key_of(tolerance: float) -> str:
    return f"{tolerance:.0e}"


def summarise_series(series: list[dict], stream: float, cells: int) -> dict:
    """Return the medians of one solver and tolerance over turns and steps, without the first step of each turn."""
    def steps(key: str) -> list[float]:
        return [value for one in series for value in (one[key][1:] or one[key])]

    def worst(key: str) -> float | None:  # None if a value is not a number
        values = [value for one in series for value in one[key]]
        return None if None in values else max(values)

    tolerance, seconds, iterations = series[0]["tolerance"], median(steps("seconds")), median(steps("iterations"))
    residual, rounding = worst("residual"), worst("rounding")
    met = None not in (residual, rounding) and residual <= 1.1 * tolerance + ROUNDINGS * rounding
    moved = BYTES.get(series[0]["label"])
    rate = moved and moved * cells * iterations / seconds
    return {"seconds": seconds, "iterations": iterations, "turns": len(series), "residual": residual,
            "rounding": rounding, "met": met and all(one["solved"] for one in series),
            "bytes_per_cell_iteration": moved, "bytes_per_second": rate, "of_stream": rate and rate / stream}


def summarise(records: list[dict], tolerances: list[float], cells: int, reasons: dict[str, str]) -> dict:
    """Return an entry for every solver, and in it one for every tolerance: numbers, or why there are none."""
    streams = [r["bytes_per_second"] for r in records if r["record"] == "stream"]
    stream = median(streams)
    solvers = {}
    for solver in SOLVERS:
        mine = [r for r in records if r.get("solver") == solver]
        series = [r for r in mine if r["record"] == "series"]
        entry = solvers[solver] = {"label": series[0]["label"] if series else None, "tolerances": {}}
        for tolerance in tolerances:
            chosen = [r for r in series if r["tolerance"] == tolerance]
            why = [r["why"] for r in mine if r["record"] == "skipped" and r["tolerance"] == tolerance]
            entry["tolerances"][key_of(tolerance)] = summarise_series(chosen, stream, cells ** 2) if chosen else \
                {"skipped": why[0] if why else reasons.get(solver, "failed")}
        if series:
            first = entry["tolerances"][key_of(series[0]["tolerance"])]
            entry["set_up"] = median(r["set_up"] for r in series)
            entry["set_up_over_solve"] = entry["set_up"] / first["seconds"]
            entry["turn_seconds"] = entry["set_up"] + max(
                sum(sum(r["seconds"]) for r in series if r["repeat"] == repeat) for repeat in {r["repeat"] for r in series})
    compare(solvers)
    return {"stream": stream, "stream_range": [min(streams), max(streams)], "solvers": solvers}


def compare(solvers: dict):
    """Add the ratio of each solver's time to that of heat2d's, from medians of one run."""
    for entry in solvers.values():
        for tolerance, result in entry["tolerances"].items():
            ours = solvers["ours"]["tolerances"][tolerance]
            if "seconds" in result:
                result["over_ours"] = result["seconds"] / ours["seconds"] if "seconds" in ours else None


# ---- printing ----


def print_summary(measurement: dict, tolerances: list[float]):
    summary = measurement["summary"]
    low, high = summary["stream_range"]
    print(f"\n{measurement['problem']} {measurement['cells']}^2, {measurement['ranks']} ranks; STREAM triad "
          f"{summary['stream'] / 1e9:.1f} GB/s ({low / 1e9:.1f} to {high / 1e9:.1f})")
    heads = "".join(f" | {key_of(t) + ': s/solve':>15} {'its':>6} {'residual':>9} {'/ours':>6}" for t in tolerances)
    print(f"{'solver':11} {'made of':15} {'set-up s':>9} {'/solve':>6}{heads}")
    for solver, entry in summary["solvers"].items():
        if all(result.get("skipped") == NOT_CHOSEN for result in entry["tolerances"].values()):
            continue
        row = f"{solver:11} {entry['label'] or '':15}"
        row += f" {entry['set_up']:9.4f} {entry['set_up_over_solve']:6.1f}" if "set_up" in entry else " " * 17
        for result in entry["tolerances"].values():
            row += " | " + (text_of(result) if "seconds" in result else f"{'skipped: ' + result['skipped']:39.39}")
        print(row.rstrip())
    for tolerance, result in summary["solvers"]["ours"]["tolerances"].items():
        if result.get("of_stream"):
            print(f"ours, {tolerance}: {result['bytes_per_cell_iteration']:g} bytes a cell and iteration are "
                  f"{result['bytes_per_second'] / 1e9:.1f} GB/s, {result['of_stream']:.2f} of STREAM")
    sys.stdout.flush()


def text_of(result: dict) -> str:
    residual = "no number" if result["residual"] is None else f"{result['residual']:.1e}{' ' if result['met'] else '!'}"
    ratio = "" if result["over_ours"] is None else f"{result['over_ours']:.2f}"
    return f"{result['seconds']:15.5f} {result['iterations']:6.1f} {residual:>9} {ratio:>6}"


def markdown(record: dict) -> str:
    machine, tolerances = record["machine"], [key_of(t) for t in record["options"]["tolerances"]]
    lines = [f"Seconds for the linear solve of one step (iterations; peers: times ours), measured {record['date'][:10]} on "
             f"{machine['processor']}, {machine['cores']} cores, last-level cache {machine['last_level_cache'] >> 20} "
             f"MiB; {machine['mpi']}, PETSc {machine['petsc']} ({machine['index_bits']}-bit indices), hypre "
             f"{machine['hypre']}, heat2d {machine['heat2d']}. `python3 tests/benchmark/run.py` measures it anew.", "",
             "| problem | ranks | tolerance | " + " | ".join(SOLVERS) + " | STREAM GB/s | of STREAM |",
             "|---" * (len(SOLVERS) + 5) + "|"]
    for m in record["measurements"]:
        for tolerance in tolerances:
            results = {s: e["tolerances"][tolerance] for s, e in m["summary"]["solvers"].items()}
            share = results["ours"].get("of_stream")
            cells = [markdown_cell(solver, result) for solver, result in results.items()]
            lines.append(f"| {m['problem']} {m['cells']}^2 | {m['ranks']} | {tolerance} | {' | '.join(cells)} | "
                         f"{m['summary']['stream'] / 1e9:.1f} | {f'{share:.2f}' if share else '-'} |")
    lines += ["", f"Seconds for the set-up, and over one solve to {tolerances[0]}; peers are given the assembled matrix:", "",
              "| problem | ranks | " + " | ".join(SOLVERS) + " |", "|---" * (len(SOLVERS) + 2) + "|"]
    for m in record["measurements"]:
        cells = [f"{e['set_up']:.3g} ({e['set_up_over_solve']:.2g}x)" if "set_up" in e else "-"
                 for e in m["summary"]["solvers"].values()]
        lines.append(f"| {m['problem']} {m['cells']}^2 | {m['ranks']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def markdown_cell(solver: str, result: dict) -> str:
    if "seconds" not in result:
        return result["skipped"]
    ratio = "" if solver == "ours" or result["over_ours"] is None else f", {result['over_ours']:.2g}x"
    return f"{result['seconds']:.3g} ({result['iterations']:g}{ratio}){'' if result['met'] else ' residual!'}"


# ---- the command line ----


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small grids, one turn, a budget of 20 s")
    parser.add_argument("--ranks", type=int, nargs="+", default=sorted({1, CORES}), help="default: one, and all cores")
    parser.add_argument("--problems", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--sizes", type=int, nargs="+", help="cells along an axis, for all problems")
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    parser.add_argument("--tolerances", type=float, nargs="+", default=list(TOLERANCES))
    parser.add_argument("--repeats", type=int, help="turns of each solver (default 3)")
    parser.add_argument("--steps", type=int, default=5, help="steps of each turn; the first one warms up (default 5)")
    parser.add_argument("--budget", type=float, help="time for a solver on a problem, all its turns [s] (default 200)")
    parser.add_argument("--stream-mib", type=int, default=4 * last_level_cache() >> 20,
                        help="size of each array of STREAM [MiB] (default: four times the last-level cache)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every raw value to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table also to FILE")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("--mpiexec", type=shlex.split, help="default: $MPIEXEC, or the launcher of the build")
    parser.add_argument("options", nargs="*", help="behind --: PETSc options for bench_solver")
    arguments = parser.parse_args()
    arguments.repeats = arguments.repeats or (1 if arguments.quick else 3)
    arguments.budget = arguments.budget or (20.0 if arguments.quick else 200.0)
    arguments.program = arguments.build / "tests" / "benchmark" / "bench_solver"
    if not arguments.program.exists():
        parser.error(f"there is no {arguments.program}; build with the tests, or name the folder with --build")
    if not arguments.mpiexec:
        arguments.mpiexec = shlex.split(os.environ.get("MPIEXEC", "")) or \
            [cache_of_build(arguments.build).get("MPIEXEC_EXECUTABLE", "mpiexec")]
    return arguments


def describe(arguments) -> dict:
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: the load of this machine is {load:.1f} already; times will be too long, ratios wrong",
              file=sys.stderr)
    return {"processor": processor(), "cores": CORES, "last_level_cache": last_level_cache(), "load": load,
            "mpi": mpi_version(arguments.mpiexec), "heat2d": words_of("git", "describe", "--always", "--dirty") or "?",
            "petsc": None, "index_bits": None, "hypre": None}


def run_one(arguments, record: dict, problem: str, cells: int, ranks: int) -> bool:
    """Measure one problem, print the result and add it to the record.  Return whether nothing failed."""
    reasons = {solver: NOT_CHOSEN for solver in SOLVERS if solver not in arguments.solvers}
    for solver in arguments.solvers:
        if predicted(record["measurements"], problem, cells, ranks, solver) > arguments.budget:
            reasons[solver] = OVER_BUDGET
    solvers = [solver for solver in SOLVERS if solver not in reasons]
    if not solvers:
        print(f"\n{problem} {cells}^2, {ranks} ranks: all solvers are {OVER_BUDGET}")
        return True
    records, wrong = measure(arguments, problem, cells, ranks, solvers)
    if wrong:
        print(wrong, file=sys.stderr)
    if any(r["record"] == "stream" for r in records):
        record["machine"] |= {key: records[0][key] for key in ("petsc", "index_bits", "hypre")}
        record["measurements"].append({"problem": problem, "cells": cells, "ranks": ranks, "records": records,
                                       "summary": summarise(records, arguments.tolerances, cells, reasons)})
        print_summary(record["measurements"][-1], arguments.tolerances)
    return not wrong


def run_all(arguments, record: dict) -> bool:
    good = True
    for ranks in arguments.ranks:
        for problem in arguments.problems:
            for cells in arguments.sizes or (QUICK if arguments.quick else SIZES[problem]):
                good &= run_one(arguments, record, problem, cells, ranks)
    return good


def main() -> int:
    arguments = parse()
    record = {"date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "machine": describe(arguments),
              "options": {key: getattr(arguments, key) for key in ("tolerances", "repeats", "steps", "budget", "stream_mib")},
              "measurements": []}
    good = run_all(arguments, record)
    table = markdown(record)
    print(f"\n{table}")
    if arguments.markdown:
        arguments.markdown.write_text(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
