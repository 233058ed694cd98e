"""Reads text files that may come from strangers, and writes files whole or not at all."""
from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from .errors import ReaderError


def require_regular(path: Path) -> None:
    """Raise unless the path is a regular file: opening a pipe would wait for ever."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ReaderError(f"{path}: not a regular file")


def read_text(path: Path) -> str | None:
    """Read a text file; None when there is none."""
    try:
        require_regular(path)
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReaderError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ReaderError(f"{path}: not a text file") from None


def parse_json(text: str) -> Any:
    """Parse a JSON text.  Raise ValueError for an object that repeats a name, too: some readers
    take the first member of that name, and others the last."""
    return json.loads(text, object_pairs_hook=_unique_names)


def _unique_names(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = sorted(name for name, _ in members)
        twice = next(a for a, b in zip(names, names[1:]) if a == b)
        raise ValueError(f"an object has two members {twice!r}")
    return found


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that appears under its name when it is complete and on the disk.  A link of this
    name is replaced, and not followed; a device or a pipe is refused."""
    if not path.name:
        raise ReaderError(f"{path}: cannot be written: is a folder")
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise ReaderError(f"{path}: cannot be written: is a device or a pipe; name a regular file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise ReaderError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_named(path: Path, content: bytes) -> None:
    """Write a file that the user named on the command line.  A pipe, a terminal or another character
    device, also behind a link, is written to as it is, so that /dev/stdout and /dev/null work and
    none is ever replaced; any other file is replaced as by replace_file."""
    try:
        kind = os.stat(path).st_mode
    except OSError:  # replace_file says why, if it cannot create the file either
        kind = stat.S_IFREG
    if not (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)):
        # /dev/stdout is a link, in the end to the file that a shell made for "> FILE".
        replace_file(path.resolve() if path.parts[:2] == ("/", "dev") else path, content)
        return
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise ReaderError(f"{path}: cannot be written: {error.strerror or error}") from None
