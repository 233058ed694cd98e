"""Tables about the machine and its use: POP, bandwidth, I/O, machine sheet, provenance."""
from __future__ import annotations

import statistics

from ..records.groups import Group, ResultSet
from ..wording import listed
from .sheet_table import NONE, SheetTable, number, percent, scaled, size

LOW = 0.8  # an efficiency below this is marked, as by POP
POP = (("load_balance", "load balance (LB)"), ("communication_efficiency",
                                               "communication efficiency (CommE)"),
       ("parallel_efficiency", "parallel efficiency (PE = LB · CommE)"))


def median_of(group: Group, all_runs: bool, *names: str) -> float | None:
    """Return the median of a member of the records; None where no record has it."""
    values = [r.number(*names) for r in group.usable(all_runs)]
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def pop_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """POP's efficiencies, from the member `pop` of the records."""
    table = SheetTable(["point", *(title for _, title in POP), "below 80 %"], texts=(0, 4))
    for group in results.groups:
        values = [median_of(group, all_runs, "pop", name) for name, _ in POP]
        if any(v is not None for v in values):
            low = [short for v, short in zip(values, ("LB", "CommE", "PE"))
                   if v is not None and v < LOW]
            table.rows.append([group.name, *(percent(v) for v in values), ", ".join(low)])
    table.note = ("Serialisation and transfer take a replay on an ideal network and are not "
                  "known." if table.rows else
                  "The records have no useful time per rank (member pop), so load balance, "
                  "communication efficiency and parallel efficiency are not known.")
    return table


PARTS = ("compute", "halo", "coarse_levels", "reductions")  # parts of the time of the steps
PERCENTILES = ("p50", "p95", "p99", "max")


def breakdown_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """Where the time of the steps went, and how long steps took, from the members `breakdown` and
    `step_times` of the records."""
    table = SheetTable(["point", *(f"{part.replace('_', ' ')} [s]" for part in PARTS), "output [s]",
                        *(f"step, {name} [s]" for name in PERCENTILES)])
    for group in results.groups:
        parts = [median_of(group, all_runs, "breakdown", part, "mean")
                 for part in (*PARTS, "output")]
        steps = [median_of(group, all_runs, "step_times", name) for name in PERCENTILES]
        if any(v is not None for v in (*parts, *steps)):
            table.rows.append([group.name, *(number(v) for v in (*parts, *steps))])
    table.note = ("Means over the ranks; the percentiles of step times are those of the slowest "
                  "rank." if table.rows else
                  "The records have no parts of the time of the steps (member breakdown).")
    return table


def bandwidths(results: ResultSet, all_runs: bool) -> list[tuple[str, float, float, float]]:
    """Return (point, bytes per cell and step, achieved and STREAM bandwidth [B/s])."""
    found = []
    for group in results.groups:
        values = [median_of(group, all_runs, "bandwidth", name)
                  for name in ("bytes_per_cell_step", "achieved", "stream")]
        if None not in values and min(values) > 0:
            found.append((group.name, *values))
    return found


def bandwidth_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """Achieved memory bandwidth against STREAM, from the member `bandwidth` of the records."""
    table = SheetTable(["point", "bytes per cell and step", "achieved", "STREAM", "of STREAM",
                        "in cache"])
    cached = {group.name for group in results.groups for record in group.records
              if record.get("bandwidth", "in_cache") is True}
    for name, bytes_per, achieved, stream in bandwidths(results, all_runs):
        table.rows.append([name, number(bytes_per), scaled(achieved, "B/s"), scaled(stream, "B/s"),
                           percent(achieved / stream), "yes" if name in cached else "no"])
    if cached:
        table.note = ("A working set that sits in the caches is not limited by the memory: its bandwidth may "
                      "exceed STREAM's, and does not scale to larger grids.")
    if not table.rows:
        table.note = ("The records have no modelled bytes together with a STREAM bandwidth (member "
                      "bandwidth), so there is no roofline point.")
    return table


def io_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """Files of a run with their bandwidth, beside that of a plain file (the probe)."""
    table = SheetTable(["point", "files", "number", "bytes", "time [s]", "bandwidth", "raw probe",
                        "of the probe"], texts=(0, 1))
    for group in results.groups:
        for kind in ("snapshots", "checkpoints"):
            files, total, time, rate = (median_of(group, all_runs, "io", kind, name) for name in
                                        ("files", "bytes", "seconds", "bandwidth"))
            if files:
                probe = median_of(group, all_runs, "io", "probe", "write_bandwidth")
                table.rows.append([
                    group.name, kind, number(files), size(total), number(time),
                    scaled(rate, "B/s") if rate else NONE, scaled(probe, "B/s") if probe else NONE,
                    percent(rate / probe) if rate and probe else NONE])
    if not table.rows:
        table.note = "The runs wrote no snapshots or checkpoints."
    return table


def memory_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """High-water marks of memory against the model."""
    table = SheetTable(["point", "largest rank", "mean of the ranks", "predicted", "per cell"])
    for group in results.groups:
        largest, mean, predicted = (median_of(group, all_runs, "memory", name) for name in
                                    ("bytes_max", "bytes_mean", "bytes_predicted"))
        cells = group.summary("cells", all_runs)
        if largest is not None:
            per_cell = mean * group.ranks / cells.median if mean and cells and group.ranks else None
            table.rows.append([group.name, size(largest), size(mean), size(predicted),
                               size(per_cell)])
    if not table.rows:
        table.note = "The records have no high-water marks of memory."
    return table


MACHINE = (("host", "host"), ("cpu", "processor"), ("cores", "cores"), ("memory", "memory"),
           ("kernel", "kernel"), ("architecture", "architecture"), ("governor", "clock governor"))


def machine_table(results: ResultSet) -> SheetTable:
    """The machine that drove the study, and the hosts and bindings that the records name."""
    table = SheetTable(["", "value"], texts=(0, 1))
    machine = results.plan.get("machine")
    for key, title in MACHINE:
        value = machine.get(key) if isinstance(machine, dict) else None
        if value is not None:
            table.rows.append([title, size(float(value)) if key == "memory" and isinstance(
                value, int) else str(value)])
    records = [r for g in results.groups for r in g.records]
    for key, title in (("hosts", "hosts of the runs"), ("binding", "cores bound to ranks")):
        found = {listed([str(v) for v in dict.fromkeys(map(str, value))], 12) for value in
                 (r.get("provenance", key) for r in records) if isinstance(value, list)}
        if found:
            table.rows.append([title, "; ".join(sorted(found)[:12])])
    environment = results.plan.get("environment")
    for name, value in sorted(environment.items()) if isinstance(environment, dict) else []:
        table.rows.append([f"environment {name}", str(value)])
    table.note = ("The first rows describe the machine that started the runs; under Slurm that is "
                  "not a compute node." if results.plan.get("launcher") == "slurm" else "")
    return table


PROVENANCE = (("version", "heat2d"), ("git_commit", "commit"), ("build_type", "build"),
              ("compiler", "compiler"), ("flags", "flags"), ("mpi", "MPI"), ("petsc", "PETSc"),
              ("index_bits", "bits of an index"), ("hdf5", "HDF5"),
              ("petsc_options", "options of PETSc"))
BENCH = (("version", "rules, version"), ("rules", "rules, tier"), ("class", "class"),
         ("workload", "workload"), ("nonce", "nonce"), ("grade", "grade"),
         ("binary_sha256", "SHA-256 of the program"), ("signature", "signature"))


def provenance_table(results: ResultSet) -> SheetTable:
    """Where the numbers come from; a value that differs between runs is marked."""
    table = SheetTable(["", "value"], texts=(0, 1))
    records = [r for g in results.groups for r in g.records]
    for section, names in (("provenance", PROVENANCE), ("bench", BENCH)):
        for key, title in names:
            values = [_short(r.get(section, key)) for r in records if r.get(section, key)]
            _add_values(table, title, values)
    starts = sorted(r.text("provenance", "started") for r in records
                    if r.text("provenance", "started"))
    if starts:
        table.rows.append(["runs started", f"{starts[0]} to {starts[-1]}"])
    for key, title in (("seed", "seed of the order"), ("launcher", "launcher"),
                       ("launch", "launch command")):
        if results.plan.get(key) is not None:
            table.rows.append([title, _short(results.plan[key])])
    for record in records[:1]:
        if record.text("provenance", "command_line"):
            table.rows.append(["first command", record.text("provenance", "command_line")])
    return table


def _short(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 300 else text[:299] + "…"


def _add_values(table: SheetTable, title: str, values: list[str]) -> None:
    distinct = list(dict.fromkeys(values))
    if len(distinct) == 1:
        table.rows.append([title, distinct[0]])
    elif distinct:
        table.rows.append([title, "differs between runs: " + listed(distinct, 6)])

