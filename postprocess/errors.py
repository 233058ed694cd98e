"""The errors that end a command with one line; needs no other package, so --help works without."""
from __future__ import annotations


class ReaderError(Exception):
    """A file or directory that cannot be read: its name, and what is wrong with it."""


class RequestError(Exception):
    """A request for something that readable files do not hold."""


class PackageError(Exception):
    """A Python package that is missing or cannot be loaded: its name, and how to install it."""
