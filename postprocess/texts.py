"""Fits texts into the room that a page has for them, by the width of their glyphs.

Titles and names are of any length and may hold no blank, so counting characters is not enough.
Widths are in inches, sizes in points.
"""
from __future__ import annotations

import re

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from .wording import printable, shortened

MOST_READ = 2000  # a text is cut after so many characters, more than any page can show


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a line of text."""
    font = FontProperties(size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, False)[0] / 72.0


def wrapped(text: str, width: float, size: float, weight: str = "normal", most: int = 100
            ) -> list[str]:
    """Break a text into lines that fit, between words where it can be; a text that needs more than
    `most` lines ends with "…".  A no-break space stays within a line."""
    lines, rest = [], re.sub(r"[ \t\r\n]+", " ", text[:MOST_READ])
    rest = printable(rest.strip(" "))
    while rest and len(lines) < most:
        cut = _fitting(rest, width, size, weight)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        while lines[-1] and text_width(lines[-1] + " …", size, weight) > width:
            lines[-1] = lines[-1][:-1]
        lines[-1] += " …"
    return [line.replace("\u00a0", " ") for line in lines] or [""]


def _fitting(text: str, width: float, size: float, weight: str) -> int:
    """Return how many characters make the first line: up to the last blank that fits, else as many
    as fit."""
    if text_width(text, size, weight) <= width:
        return len(text)
    low, high = 1, len(text)
    while low < high:  # find the longest beginning that fits, by bisection
        middle = (low + high + 1) // 2
        if text_width(text[:middle], size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    blanks = [m.start() for m in re.finditer(" ", text[:low + 1])]
    return blanks[-1] if blanks and blanks[-1] > 0.4 * low else low


def fitted(text: str, width: float, size: float) -> str:
    """Cut the middle out of a text that does not fit into one line."""
    text = printable(text[:MOST_READ])
    most = len(text)
    wide = text_width(text, size)
    while most > 3 and wide > width:
        most = max(3, min(most - 1, int(most * width / wide) + 2))
        wide = text_width(shortened(text, most), size)
    return shortened(text, most)
