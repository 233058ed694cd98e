"""Plans a study: what study.json records beside the states, and how a study is continued.

A study that is started again compares its plan with the one in the folder.  New points and more
repeats are added; a point that changed or disappeared, another program, or, where the runs are made
here, another machine is refused, because the results of one folder must belong to one study.
"""
from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

from ..errors import RequestError
from ..records.study_folder import SCHEMA, RunState, StudyState
from .points import Point, run_order
from .program import Program
from .study_file import Study

# Beginnings of the environment variables that change how MPI and threads work
RECORDED = ("OMP_", "MPICH_", "MPIR_", "UCX_", "FI_", "SLURM_", "OMPI_", "PMI_", "HYDRA_", "PETSC_")


def make_plan(study: Study, points: list[Point], program: Program, launcher: str,
              seed: int) -> dict[str, Any]:
    """Return the plan that study.json records."""
    return {"schema": SCHEMA, "title": study.title, "scaling": study.scaling,
            "subject": "case" if study.bench is None else "bench", "repeats": study.repeats,
            "seed": seed, "launcher": launcher, "ranks": list(study.ranks),
            "program": {"path": str(program.path), "sha256": program.sha256},
            "launch": list(program.launch), "bind": "core" if program.bind else "none",
            "case_sha256": _sum(study.case), "machine": machine_sheet(),
            "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith(RECORDED)},
            "points": [point.as_json() for point in points]}


def _sum(case: Path | None) -> str | None:
    """Return the SHA-256 of the case file."""
    return hashlib.sha256(case.read_bytes()).hexdigest() if case else None


def machine_sheet() -> dict[str, Any]:
    """Describe the machine from which the study is run; with the launcher `local` it is the
    measured one."""
    cpu = Path("/proc/cpuinfo")
    model = next((line.partition(":")[2].strip() for line in _lines(cpu)
                  if line.startswith("model name")), platform.processor())
    memory = next((int(line.split()[1]) * 1024 for line in _lines(Path("/proc/meminfo"))
                   if line.startswith("MemTotal:")), None)
    governor = _lines(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
    return {"host": platform.node(), "cpu": model, "cores": os.cpu_count(), "memory": memory,
            "kernel": platform.release(), "architecture": platform.machine(),
            "governor": governor[0] if governor else None}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def join(old: StudyState | None, folder: Path, plan: dict[str, Any],
         points: list[Point]) -> StudyState:
    """Return the new plan with the states of the old one; refuse another study."""
    order = run_order(points, plan["repeats"], plan["seed"])
    if old is None:
        return StudyState(folder, plan, [RunState(*key) for key in order])
    _require_same(old, plan)
    states = {(run.point, run.repeat): run for run in old.runs}
    asked = set(order)
    # Keep runs of a study that had more repeats.
    order += [key for key in states if key not in asked]
    return StudyState(folder, plan, [states.get(key) or RunState(*key) for key in order])


def _require_same(old: StudyState, plan: dict[str, Any]) -> None:
    where = f"{old.folder}: holds another study"
    remedy = "choose another folder with --output, or remove this one"
    if old.plan.get("program", {}).get("sha256") != plan["program"]["sha256"]:
        raise RequestError(f"{where}: its program differs from {plan['program']['path']}, and "
                           f"results of two programs would mix; {remedy}")
    if old.plan.get("case_sha256") != plan["case_sha256"]:
        raise RequestError(f"{where}: the case file has changed since, and results of two cases "
                           f"would mix; {remedy}")
    _require_same_machine(old, plan, where, remedy)
    for key in ("scaling", "launcher", "launch", "bind"):
        if key == "bind" and key not in old.plan:  # studies of older versions did not record `bind`
            continue
        if old.plan.get(key) != plan[key]:
            raise RequestError(f"{where}: its {key} is {old.plan.get(key)}, now {plan[key]}; "
                               f"{remedy}")
    now = {point["name"]: point for point in plan["points"]}
    for point in old.plan["points"]:
        if now.get(point["name"]) != point:
            how = "differs" if point["name"] in now else "is not in the study file"
            raise RequestError(f"{where}: its point {point['name']} {how}; {remedy}")


def _require_same_machine(old: StudyState, plan: dict[str, Any], where: str, remedy: str) -> None:
    """Refuse to add times of another machine.  Computers of equal parts count as one; with Slurm
    and JUBE the study is only driven from here."""
    before, now = old.plan.get("machine"), plan["machine"]
    if plan["launcher"] != "local" or not isinstance(before, dict):
        return
    for key in ("cpu", "cores", "architecture"):
        if before.get(key) != now[key]:
            raise RequestError(f"{where}: it was measured on {before.get('host')} ({key} "
                               f"{before.get(key)}), and this is {now['host']} ({key} {now[key]}); "
                               f"times of two machines would mix; {remedy}")
