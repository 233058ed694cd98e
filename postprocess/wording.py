"""Numbers and units as people read them: 15 cm rather than 0.15 m, 90 min rather than 5400 s."""
from __future__ import annotations

import math
import re

_LENGTHS = ((5e3, 1e3, "km"), (0.8, 1.0, "m"), (0.1, 1e-2, "cm"), (5e-4, 1e-3, "mm"),
            (5e-7, 1e-6, "µm"), (0.0, 1e-9, "nm"))
_TIMES = ((4 * 3.15576e7, 3.15576e7, "years"), (3 * 86400.0, 86400.0, "days"),
          (3 * 3600.0, 3600.0, "h"), (600.0, 60.0, "min"), (0.1, 1.0, "s"), (1e-4, 1e-3, "ms"),
          (1e-7, 1e-6, "µs"), (0.0, 1e-9, "ns"))
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def length_unit(extent: float) -> tuple[float, str]:
    """(metres in one unit, its name) for a domain whose longer side is `extent` metres."""
    return next((size, name) for least, size, name in _LENGTHS if extent >= least)


def time_unit(span: float) -> tuple[float, str]:
    """(seconds in one unit, its name) for times up to `span` seconds."""
    if not span > 0:
        return 1.0, "s"
    return next((size, name) for least, size, name in _TIMES if span >= least)


def duration(seconds: float, longest: float | None = None) -> str:
    """"90 min"; `longest` sets the unit for a series of times."""
    size, name = time_unit(abs(seconds) if longest is None else longest)
    return f"{plain(seconds / size)} {name}"


def plain(value: float, digits: int = 4) -> str:
    """At most `digits` significant digits, no needless zeros or exponents."""
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
    """With a minus sign instead of a hyphen before a number, for a picture."""
    return re.sub(r"(?<![\w⁻])-(?=\d)", "−", text)


def span(low: float, high: float) -> str:
    """"293.15 to 293.18": as many digits as it takes to tell the two apart."""
    largest = max(abs(low), abs(high))
    if high <= low or largest == 0:
        return plain(low, 6)
    digits = digits_between(low, high)
    return f"{plain(low, digits)} to {plain(high, digits)}"


def digits_between(low: float, high: float) -> int:
    """Significant digits that tell values between low and high apart, at most 12."""
    largest = max(abs(low), abs(high))
    return min(12, 4 + max(0, math.ceil(math.log10(largest / (high - low)))))


def unit_text(units: str) -> str:
    """W m-1 K-1 as W m⁻¹ K⁻¹; nothing for the unit "1"."""
    if units.strip() in ("", "1"):
        return ""
    text = re.sub(r"(?<=[A-Za-z])(-?\d+)\b", lambda m: m[1].translate(_SUPERSCRIPT), units.strip())
    return re.sub(r"\bdeg(ree)?_?(C|Celsius)\b", "°C", text)


def quantity(name: str, units: str) -> str:
    """An axis label: name [unit]."""
    unit = unit_text(units)
    return f"{name} [{unit}]" if unit else name
