"""Reads and validates a study file: STUDY.yaml as a `Study`.  README.md lists the keys.

Every error is FILE:LINE: KEY: what was found, and what it must be.  Keys of a case under `run.set`
and `sweep` are validated later, by heat2d itself (program.py).
"""
from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from ..errors import RequestError
from ..records.run_record import CELLS
from .marked_yaml import Marked, read_marked

SCALINGS = ("none", "strong", "weak-machine", "weak-science")
BENCH_KEYS = ("class", "workload", "rules", "nonce", "duration", "memory_fraction")
BENCH_WORDS = {"workload": ("implicit", "explicit", "checkpoint"),
               "rules": ("base", "ported", "optimised")}
# Ranges of options of `heat2d bench`.
BENCH_NUMBERS = {"duration": (1e-3, 1e6), "memory_fraction": (0.0, 1.0)}
NONCE = re.compile(r"0x[0-9a-fA-F]{1,16}|[0-9]{1,20}")
MOST_RUNS = 100_000  # most runs of a study; chosen: a larger number is a mistake in the file
WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Slurm:
    """How jobs are submitted; every value is the text of an option of sbatch."""

    partition: str = ""
    account: str = ""
    time: str = ""
    cpus_per_task: int = 1
    exclusive: bool = True
    concurrent: int = 1  # jobs of the study that may run at the same time
    options: tuple[str, ...] = ()  # further options of sbatch
    setup: tuple[str, ...] = ()  # shell commands before the run, e.g. module load
    launch: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """The content of a study file."""

    root: Marked
    title: str
    bench: dict[str, Marked] | None  # options of heat2d bench
    case: Path | None  # or the case of `heat2d run`
    settings: dict[str, Marked]  # overrides of the case in all points
    petsc: tuple[str, ...]
    stream: bool  # also measure the bandwidth of the memory, with --stream
    scaling: str
    ranks: tuple[int, ...]
    ranks_per_node: int | None
    time_order: int | None  # order of accuracy in time, for weak-science
    # Each mapping stands for all combinations of its values.
    sweeps: tuple[dict[str, list[Marked]], ...]
    repeats: int
    seed: int | None
    timeout: float | None  # [s] after which a run is ended
    keep_all: bool
    program: str
    launch: tuple[str, ...]
    bind: bool
    slurm: Slurm | None = field(default=None)

    @property
    def folder(self) -> Path:
        return Path(self.root.file).resolve().parent


TOP = ("title", "run", "scaling", "ranks", "ranks_per_node", "time_order", "sweep", "repeats",
       "seed", "timeout", "keep", "program", "launch", "bind", "slurm")


def read_study(path: Path) -> Study:
    """Read and validate a study file."""
    root = read_marked(path)
    _known(root, TOP)
    if "run" not in root.data:
        root.fail("`run` is missing: what is to be measured, as in `run: {bench: {class: tiny}}` "
                  "or `run: {case: CASE.yaml}`")
    bench, case, settings, petsc = _subject(root.data["run"])
    scaling = _one_of(root, "scaling", SCALINGS, "none")
    study = Study(
        root=root, title=_text(root, "title") or Path(path).stem, bench=bench, case=case,
        settings=settings, petsc=petsc, stream=_stream(root.data["run"]), scaling=scaling,
        ranks=_ranks(root),
        ranks_per_node=_whole(root, "ranks_per_node", 1),
        time_order=_whole(root, "time_order", 1, 4), sweeps=_sweeps(root, bench is not None),
        repeats=_whole(root, "repeats", 1, 10_000) or 6, seed=_whole(root, "seed", 0),
        timeout=_seconds(root, "timeout"), keep_all=_one_of(root, "keep", ("all", "results"),
                                                            "all") == "all",
        program=_text(root, "program"), launch=_words(root, "launch"),
        bind=_one_of(root, "bind", ("core", "none"), "core") == "core", slurm=_slurm(root))
    _check_together(study)
    return study


# ---- values


def _known(node: Marked, names: tuple[str, ...]) -> None:
    """Refuse a node that is not a mapping of these keys."""
    if not isinstance(node.data, dict):
        node.reject(f"keys of {', '.join(names)}")
    for name, value in node.data.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            value.fail(f"unknown key{hint} Known here: {', '.join(names)}" if near else
                       f"unknown key; known here: {', '.join(names)}")


def _scalar(node: Marked, name: str) -> Marked | None:
    """Return the scalar of a key; None if the key is absent or null."""
    value = node.data.get(name)
    if value is None or value.is_null:
        return None
    if not isinstance(value.data, str):
        value.reject("one value")
    return value


def _text(node: Marked, name: str) -> str:
    value = _scalar(node, name)
    if value is not None and "\0" in value.data:
        value.reject("a text without null characters")
    return value.data if value else ""


def _one_of(node: Marked, name: str, words: tuple[str, ...], default: str) -> str:
    value = _scalar(node, name)
    if value is not None and value.data not in words:
        value.reject(f"one of {', '.join(words)}")
    return value.data if value else default


def whole(value: Marked, least: int, most: int = 10 ** 9) -> int:
    """Read a whole number."""
    text = value.data if isinstance(value.data, str) else ""
    if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
        value.reject(f"a whole number from {least} to {most}")
    return int(text)


def _whole(node: Marked, name: str, least: int, most: int = 10 ** 9) -> int | None:
    value = _scalar(node, name)
    return whole(value, least, most) if value else None


def _seconds(node: Marked, name: str) -> float | None:
    value = _scalar(node, name)
    if value is None:
        return None
    try:
        number = float(value.data)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        value.reject("a positive number of seconds")
    return number


def _words(node: Marked, name: str) -> tuple[str, ...]:
    """Read a list of words, or one word."""
    value = node.data.get(name)
    if value is None or value.is_null:
        return ()
    for item in value.items():
        if not isinstance(item.data, str) or "\0" in item.data:
            item.reject("a word or a list of words, as in [mpiexec.mpich, -bind-to, core]")
    return tuple(item.data for item in value.items())


def _check_bench(name: str, value: Marked) -> None:
    """Check the value of an option of heat2d bench other than the class, before any run."""
    text = value.data if isinstance(value.data, str) else ""
    if name in BENCH_WORDS and text not in BENCH_WORDS[name]:
        value.reject(f"one of {', '.join(BENCH_WORDS[name])}")
    if name == "nonce" and not (NONCE.fullmatch(text)
                                and int(text, 16 if "x" in text else 10) < 2 ** 64):
        value.reject("a whole number below 2^64, such as 12345 or 0x3039")
    if name in BENCH_NUMBERS:
        low, high = BENCH_NUMBERS[name]
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            value.reject(f"a number from {low:g} to {high:g}")


# ---- sections


def _subject(run: Marked) -> tuple[dict[str, Marked] | None, Path | None, dict[str, Marked],
                                   tuple[str, ...]]:
    """Read `run`: the options of bench, or a case with its overrides and PETSc options."""
    _known(run, ("bench", "case", "set", "petsc", "stream"))
    if ("bench" in run.data) == ("case" in run.data):
        run.fail("needs one of `bench` (the reference workload) and `case` (a case file)")
    if "bench" in run.data:
        for name in ("set", "petsc"):
            if name in run.data:
                run.data[name].fail("belongs to `case`; the reference workload has no such options")
        bench = run.data["bench"]
        _known(bench, BENCH_KEYS)
        if "class" not in bench.data:
            bench.fail("`class` is missing: one of " + ", ".join(CELLS))
        _check_classes(bench.data["class"])
        for name, value in bench.data.items():
            if name != "class":
                _check_bench(name, value)
        return bench.data, None, {}, ()
    if not _text(run, "case"):
        run.data["case"].reject("the name of a case file")
    case = Path(run.data["case"].file).parent / _text(run, "case")
    if not case.is_file():
        run.data["case"].fail(f"{case}: no such file; the name is relative to the study file")
    settings = run.data["set"] if "set" in run.data else None
    if settings is not None and not isinstance(settings.data, dict):
        settings.reject("overrides by key, as in {grid.cells: [64,64]}")
    petsc = _words(run, "petsc")
    return None, case, settings.data if settings else {}, petsc


def _stream(run: Marked) -> bool:
    return _one_of(run, "stream", ("true", "false"), "false") == "true"


def _check_classes(value: Marked) -> None:
    for item in value.items():
        if item.data not in CELLS:
            item.reject(f"one of {', '.join(CELLS)}")


def _ranks(root: Marked) -> tuple[int, ...]:
    value = root.data.get("ranks")
    if value is None or not value.items():
        (value or root).fail("`ranks` is missing: numbers of MPI ranks, as in `ranks: [1, 2, 4]`")
    ranks = tuple(whole(item, 1, 10 ** 8) for item in value.items())
    for before, item in zip(ranks, value.items()[1:]):
        if int(item.data) <= before:
            item.reject(f"larger than the number before it, {before}")
    return ranks


def _sweeps(root: Marked, bench: bool) -> tuple[dict[str, list[Marked]], ...]:
    """Read `sweep`: a mapping of keys to lists of values, or a list of such mappings."""
    value = root.data.get("sweep")
    if value is None or value.is_null:
        return ({},)
    sweeps = []
    if not value.items():
        value.reject("lists of values by key, as in {grid.cells: [[64,64], [128,128]]}")
    for item in value.items():
        if bench:
            _known(item, tuple(k for k in BENCH_KEYS if k != "duration"))
        if not isinstance(item.data, dict) or not item.data:
            item.reject("lists of values by key, as in {grid.cells: [[64,64], [128,128]]}")
        for name, values in item.data.items():
            if not isinstance(values.data, list) or not values.data:
                values.reject("a list of values")
            if bench and name != "class":
                for one in values.data:
                    _check_bench(name, one)
            texts = [v.text() for v in values.data]
            repeated = next((v for k, v in enumerate(values.data) if v.text() in texts[:k]), None)
            if repeated:
                repeated.fail(f"{repeated.text()} occurs twice; remove one")
            if bench and name == "class":
                _check_classes(values)
        sweeps.append({name: values.data for name, values in item.data.items()})
    return tuple(sweeps)


def _slurm(root: Marked) -> Slurm | None:
    node = root.data.get("slurm")
    if node is None or node.is_null:
        return None
    _known(node, ("partition", "account", "time", "cpus_per_task", "exclusive", "concurrent",
                  "options", "setup", "launch"))
    for name in ("partition", "account", "time", "options"):
        for item in node.data[name].items() if name in node.data else []:
            if isinstance(item.data, str) and re.search(r"[\s\x00]", item.data):
                item.reject("one word without spaces or line breaks")
    return Slurm(_text(node, "partition"), _text(node, "account"), _text(node, "time"),
                 _whole(node, "cpus_per_task", 1) or 1,
                 _one_of(node, "exclusive", ("true", "false"), "true") == "true",
                 _whole(node, "concurrent", 1) or 1, _words(node, "options"),
                 _words(node, "setup"), _words(node, "launch"))


# ---- rules between keys


def _check_together(study: Study) -> None:
    data = study.root.data
    if study.scaling != "none" and len(study.ranks) < 2:
        data["ranks"].reject(f"at least two numbers for `scaling: {study.scaling}`")
    if study.scaling == "weak-science" and study.bench is not None:
        data["scaling"].fail("the classes of the reference workload have one spacing, so nothing "
                             "is refined; take strong or weak-machine, or a `case`")
    if study.time_order is not None and study.scaling != "weak-science":
        data["time_order"].fail("has a meaning for `scaling: weak-science` only")
    if study.scaling.startswith("weak") and study.bench is None:
        for item in data["ranks"].items():
            if int(item.data) % study.ranks[0]:
                item.reject(f"a multiple of the first number, {study.ranks[0]}, so that the cells "
                            "of each rank stay")
    _check_per_node(study)
    _check_bench_growth(study)
    _check_reserved(study)
    runs = len(study.ranks) * study.repeats * sum(
        math.prod(len(v) for v in sweep.values()) for sweep in study.sweeps)
    if runs > MOST_RUNS:
        study.root.fail(f"the study has {runs} runs; at most {MOST_RUNS} are planned")


def _check_per_node(study: Study) -> None:
    """Ranks fill nodes: all ranks on one node, or the same number on each."""
    per_node = study.ranks_per_node
    for item in study.root.data["ranks"].items() if per_node else []:
        if int(item.data) > per_node and int(item.data) % per_node:
            item.reject(f"below {per_node} or a multiple of it (`ranks_per_node`)")


def _check_bench_growth(study: Study) -> None:
    """With weak-machine, classes stand for ranks one by one, with equal cells per rank."""
    if study.bench is None:
        return
    classes = study.bench["class"]
    if study.scaling != "weak-machine":
        if isinstance(classes.data, list):
            classes.reject("one class (several belong to `sweep`, or to `scaling: weak-machine`)")
        return
    if any("class" in sweep for sweep in study.sweeps):
        study.root.data["sweep"].fail("`class` grows with the ranks here; list the classes at "
                                      "run.bench.class")
    items = classes.items()
    if len(items) != len(study.ranks):
        classes.reject(f"a list of {len(study.ranks)} classes, one for each number of `ranks`")
    per_rank = [CELLS[item.data] ** 2 / ranks for item, ranks in zip(items, study.ranks)]
    for item, cells in zip(items, per_rank):
        if cells != per_rank[0]:
            item.fail(f"class {item.data} has {cells:.6g} cells per rank and {items[0].data} has "
                      f"{per_rank[0]:.6g}; choose `ranks` in proportion to the cells")


def _check_reserved(study: Study) -> None:
    """Refuse keys that the study itself sets."""
    grown = {"grid.cells", "grid.x", "grid.y"} if study.scaling == "weak-machine" else {
        "grid.cells", "time.step"} if study.scaling == "weak-science" else set()
    for sweep in study.sweeps:
        for name, values in sweep.items():
            if name == "output.directory":
                values[0].fail("the study chooses the output folder of each run")
            if name in grown:
                values[0].fail(f"`scaling: {study.scaling}` changes {name} with the ranks; "
                               "remove it from the sweep")
            if study.scaling == "weak-science" and name.startswith(
                    ("time.steps", "time.scheme", "time.adaptive")):
                values[0].fail(f"with `scaling: weak-science` {name} decides how the step is "
                               "refined; make a study of its own for each value")
    if "output.directory" in study.settings:
        study.settings["output.directory"].fail("the study chooses the output folder of each run")
    bad = next((w for w in study.petsc if not w or w.startswith("--")), None)
    if bad is not None:
        raise RequestError(f"{study.root.file}: run.petsc: found '{bad}'; it must be options of "
                           "PETSc with a single '-', and their values")
