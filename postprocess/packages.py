"""Checks that the Python packages of a command can be loaded, before the command needs them.

A missing package is the first thing that a new user meets, so it is one line that says what to
install, for the Python that runs.
"""
from __future__ import annotations

import importlib
import re
import sys

from .errors import PackageError

OLDEST = {"matplotlib": (3, 6)}  # contourpy and Text(parse_math=...) are new in 3.6
PIP = {"yaml": "PyYAML"}  # where the name of the package differs from that of the module


def require(*names: str) -> None:
    """Load the packages; raise one PackageError that lists all that are missing, else all that
    cannot be loaded or are too old."""
    missing, broken = [], []
    for name in names:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing.append(error.name or name)
        except Exception as error:  # what a broken installation raises depends on how it is broken
            broken.append(f"{name} cannot be loaded ({_first_line(error)})")
        else:
            broken += _too_old(name, getattr(module, "__version__", ""))
    missing = list(dict.fromkeys(name.split(".")[0] for name in missing))
    if missing:
        raise PackageError(f"{sys.executable} has no {' and no '.join(missing)}; "
                           f"{_remedy(missing)}")
    if broken:
        raise PackageError(f"{sys.executable}: {'; '.join(broken)}; {_remedy(list(names))}")


def _too_old(name: str, version: str) -> list[str]:
    """Return a sentence when the version is below the oldest one that works, else an empty list."""
    oldest = OLDEST.get(name)
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if oldest is None or not numbers or numbers >= oldest:
        return []
    return [f"{name} is version {version}, it must be {'.'.join(map(str, oldest))} or newer"]


def _remedy(names: list[str]) -> str:
    """Say how to install the packages: apt serves only the Python of the distribution."""
    apt = f"'apt install {' '.join(f'python3-{name}' for name in names)}'"
    pip = f"'{sys.executable} -m pip install {' '.join(PIP.get(n, n) for n in names)}'"
    if (sys.executable or "").startswith("/usr/bin/"):
        return f"install with {apt} or {pip}"
    return f"install with {pip}, or run with /usr/bin/python3 after {apt}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
