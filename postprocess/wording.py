"""Writes numbers, units and names for people: 15 cm rather than 0.15 m, 90 min rather than 5400 s.

Titles and names come from case files, which may come from strangers: `printable` replaces what
could steer a terminal or break a line.
"""
from __future__ import annotations

import math
import re
import unicodedata

_LENGTHS = ((5e3, 1e3, "km"), (0.8, 1.0, "m"), (0.1, 1e-2, "cm"), (5e-4, 1e-3, "mm"),
            (5e-7, 1e-6, "µm"), (0.0, 1e-9, "nm"))
_TIMES = ((4 * 3.15576e7, 3.15576e7, "years"), (3 * 86400.0, 86400.0, "days"),
          (3 * 3600.0, 3600.0, "h"), (600.0, 60.0, "min"), (0.1, 1.0, "s"), (1e-4, 1e-3, "ms"),
          (1e-7, 1e-6, "µs"), (1e-10, 1e-9, "ns"), (1e-13, 1e-12, "ps"), (0.0, 1e-15, "fs"))
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def length_unit(extent: float) -> tuple[float, str]:
    """Return (metres in one unit, its name) for a domain whose longer side is `extent` metres."""
    return next((size, name) for least, size, name in _LENGTHS if extent >= least)


def time_unit(span: float) -> tuple[float, str]:
    """Return (seconds in one unit, its name) for times up to `span` seconds."""
    if not span > 0:
        return 1.0, "s"
    return next((size, name) for least, size, name in _TIMES if span >= least)


def duration(seconds: float, longest: float | None = None) -> str:
    """Write a time as in "90 min"; `longest` sets the unit for a series of times."""
    size, name = time_unit(abs(seconds) if longest is None else longest)
    return f"{plain(seconds / size)} {name}"


def plain(value: float, digits: int = 4) -> str:
    """Write a number with at most `digits` significant digits, without trailing zeros; an exponent
    only below 0.001 and for large numbers."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if 1e-3 <= abs(value) < 10.0 ** max(digits, 5):
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def signed(text: str) -> str:
    """Replace the hyphen before a number by a minus sign, for a picture."""
    return re.sub(r"(?<![\w⁻])-(?=\d)", "−", text)


def span(low: float, high: float) -> str:
    """Write a range as in "293.15 to 293.18", with enough digits to distinguish its ends."""
    largest = max(abs(low), abs(high))
    if high <= low or largest == 0:
        return plain(low, 6)
    digits = digits_between(low, high)
    return f"{plain(low, digits)} to {plain(high, digits)}"


def digits_between(low: float, high: float) -> int:
    """Return how many significant digits distinguish values between low and high, at most 15."""
    largest = 0.5 * max(abs(low), abs(high))
    apart = 0.5 * high - 0.5 * low  # subtract halves, because high - low may overflow
    if not apart > 0.0 or not math.isfinite(largest / apart):
        return 15
    return min(15, 4 + max(0, math.ceil(math.log10(largest / apart))))


def unit_text(units: str) -> str:
    """Write W m-1 K-1 as W m⁻¹ K⁻¹, and nothing for the unit "1"."""
    if units.strip() in ("", "1"):
        return ""
    text = re.sub(r"(?<=[A-Za-z])(-?\d+)\b", lambda m: m[1].translate(_SUPERSCRIPT),
                  printable(units.strip()))
    return re.sub(r"\bdeg(ree)?_?(C|Celsius)\b", "°C", text)


def quantity(name: str, units: str) -> str:
    """Write the label of an axis: name [unit]."""
    unit = unit_text(units)
    return f"{name} [{unit}]" if unit else name


def printable(text: str) -> str:
    """Replace control characters (line breaks, escape sequences, marks that turn the direction of
    writing) and lone surrogates by U+FFFD; the joiners that some scripts need stay."""
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
                   and c not in "\u200c\u200d" else c for c in text)


def shortened(text: str, most: int) -> str:
    """Cut out the middle of a text that is longer than `most` characters: names that belong
    together often begin alike and differ at the end."""
    if len(text) <= most:
        return text
    tail = max(1, (most - 1) // 2)
    return text[:max(1, most - 1 - tail)] + "…" + text[-tail:]


def count(number: int, thing: str) -> str:
    """Write a number of things, as in "1 time" or "3 times"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(items: list[str], most: int = 8) -> str:
    """List the items with commas; the middle of a long list is left out, as "..."."""
    if len(items) > most:
        items = items[:most // 2] + ["..."] + items[-(most // 2 - 1):]
    return ", ".join(items)
