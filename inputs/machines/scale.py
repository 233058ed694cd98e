#!/usr/bin/env python3
"""Make the machine file of a system that is not here from published figures and the costs that a calibration measured elsewhere.

    python3 inputs/machines/scale.py FIGURES.json MEASURED.yaml -o MACHINE.yaml

MEASURED.yaml is a file of `heat2d plan --calibrate`.  Its costs of kernels become those of a core of the other system by two stated
factors: seconds, also that of an exchange, are multiplied by `slower`, since cores differ in clock and vectors; bytes are kept, since they are a property of
the program.  Times of several ranks at once (`together`) are left out: the bandwidth of the other system takes their place.  FIGURES.json holds every other key of the machine file, and `slower`.  README.md explains both."""
from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

KERNEL = re.compile(r"- \{kernel: (\w+), coefficients: (\w+), bytes: (\S+),(?: row: (\S+),)?\s*seconds: (\[\[.*?\]\])(?:,\s*together: \[\[.*?\]\])?\}")


def number(value: float) -> str:
    return f"{value:.6g}"


def curve(points: list) -> str:
    return "[" + ", ".join(f"[{number(at)}, {number(value)}]" for at, value in points) + "]"


def kernels(text: str, slower: float) -> list[str]:
    """Return the kernels of a machine file with longer times."""
    lines = []
    for name, coefficients, size, row, seconds in KERNEL.findall(text):
        points = [(at, value * slower) for at, value in json.loads(seconds)]
        lines.append(f"  - {{kernel: {name}, coefficients: {coefficients}, bytes: {size}, row: {number(float(row or 0.0) * slower)},\n     seconds: {curve(points)}}}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path)
    parser.add_argument("measured", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    figures = json.loads(arguments.figures.read_text())
    out = ["# Made by inputs/machines/scale.py; README.md beside it says where the figures come from."]
    for key in ("name", "source"):
        out.append(f"{key}: {json.dumps(figures[key])}")
    for key in ("nodes", "cores_per_node", "memory_per_node", "cache_per_node"):
        out.append(f"{key}: {number(figures[key])}")
    out.append(f"memory_bandwidth: {curve(figures['memory_bandwidth'])}")
    for key in ("within", "between"):
        out += [f"{key}:", f"  latency: {number(figures[key]['latency'])}", f"  bandwidth: {curve(figures[key]['bandwidth'])}"]
    measured = arguments.measured.read_text()
    found = re.search(r"^exchange: (\S+)$", measured, re.M)
    out.append(f"exchange: {number(float(found[1]) * figures['slower'])}")
    out += ["allreduce:", *(f"  {key}: {curve(figures['allreduce'][key])}" for key in ("within", "between"))]
    out.append("filesystem: {" + ", ".join(f"{key}: {number(value)}" for key, value in figures["filesystem"].items()) + "}")
    out += ["kernels:", *kernels(measured, figures["slower"])]
    arguments.output.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
