"""Reads a YAML file so that every value knows its file, line and key.

PyYAML parses; this module keeps its line marks and refuses what a study does not need: aliases
(a few lines could stand for billions of values) and keys that occur twice.  Scalars stay text, as
they are written: `1e-10` is passed to heat2d as `1e-10`, not as a rounded number.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..errors import ReaderError, RequestError
from ..text_file import read_text
from ..wording import shortened

# Most characters of a file; chosen: enough for 10000 points that are listed one by one.
LARGEST = 1 << 20
NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Marked:
    """A scalar (str), list or mapping with the place where it stands."""

    data: str | list[Marked] | dict[str, Marked]
    file: str
    line: int
    key: str  # dotted path, as in "run.case"
    quoted: bool = False

    def fail(self, problem: str) -> NoReturn:
        """Raise the error of this value: FILE:LINE: KEY: PROBLEM."""
        key = f" {self.key}:" if self.key else ""
        raise RequestError(f"{self.file}:{self.line}:{key} {problem}")

    def reject(self, rule: str) -> NoReturn:
        """Raise the error that says what was found and what it must be."""
        self.fail(f"found {shortened(self.text(), 60)}; it must be {rule}")

    @property
    def is_null(self) -> bool:
        return isinstance(self.data, str) and not self.quoted and self.data in NULLS

    def text(self) -> str:
        """Write the value in one line of YAML, as `--set` takes it."""
        if isinstance(self.data, dict):
            return "{" + ", ".join(f"{k}: {v.text()}" for k, v in self.data.items()) + "}"
        if isinstance(self.data, list):
            return "[" + ",".join(v.text() for v in self.data) + "]"
        plain = self.data.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{plain}"' if self.quoted else self.data

    def items(self) -> list[Marked]:
        """Return the entries of a list; anything else is a list of one."""
        return self.data if isinstance(self.data, list) else [self]


def read_marked(path: Path) -> Marked:
    """Read the file; whatever is wrong with it is one error with its line."""
    text = read_text(path)
    if text is None:
        raise ReaderError(f"{path}: no such file")
    if len(text) > LARGEST:
        raise RequestError(f"{path}: {len(text)} characters; at most {LARGEST} are read")
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                _fail(path, event.start_mark, f"the alias *{event.anchor} is not read; write the "
                                              "value itself")
        node = yaml.compose(text, yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            _fail(path, node.start_mark if node else None,
                  "the file must begin with keys, as in `run: {bench: {class: tiny}}`")
        return _marked(node, str(path), "", node.start_mark.line + 1)
    except yaml.MarkedYAMLError as error:
        _fail(path, error.problem_mark or error.context_mark, f"not YAML: {error.problem}")
    except yaml.YAMLError as error:
        raise RequestError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise RequestError(f"{path}: lists are nested too deeply") from None


def _fail(path: Path, mark: Any, problem: str) -> NoReturn:
    line = f":{mark.line + 1}" if mark else ""
    raise RequestError(f"{path}{line}: {problem}")


def _marked(node: yaml.Node, file: str, key: str, line: int) -> Marked:
    if isinstance(node, yaml.ScalarNode):
        if "\0" in node.value or any("\ud800" <= c <= "\udfff" for c in node.value):
            Marked("", file, line, key).fail("holds a character that is no text; remove it")
        return Marked(node.value, file, line, key, node.style in ("'", '"', "|", ">"))
    if isinstance(node, yaml.SequenceNode):
        return Marked([_marked(n, file, key, n.start_mark.line + 1) for n in node.value],
                      file, line, key)
    entries: dict[str, Marked] = {}
    for name, value in node.value:
        here = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            Marked("", file, here, key).fail("a key must be a word")
        path = f"{key}.{name.value}" if key else name.value
        if name.value in entries:
            Marked("", file, here, path).fail(f"occurs twice, first in line "
                                              f"{entries[name.value].line}; remove one")
        entries[name.value] = _marked(value, file, path, here)
    return Marked(entries, file, line, key)
