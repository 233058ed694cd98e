"""Reads text files that may come from strangers: only regular files, only UTF-8."""
from __future__ import annotations

import os
import stat
from pathlib import Path

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
