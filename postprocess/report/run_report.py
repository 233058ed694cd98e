"""`report`: one page about result sets, as HTML and PDF, and their numbers for Extra-P."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..errors import RequestError
from ..records.groups import read_results
from ..text_file import write_named
from .browser import find_browser, print_to_pdf
from .extrap import extrap_data
from .page import make_sheet, render


def run_report(arguments: argparse.Namespace) -> int:
    """Run the command; print the names of the files."""
    if arguments.pdf and find_browser() is None:
        raise RequestError("--pdf needs a browser: install the package chromium, or print the page "
                           "from your browser")
    if arguments.extrap and len(arguments.directories) > 1:
        raise RequestError("--extrap takes one folder, because a file has one set of measurements")
    _require_distinct(arguments)
    sets = [read_results(Path(name)) for name in arguments.directories]
    sheets = [make_sheet(results) for results in sets]
    title = arguments.title or " · ".join(dict.fromkeys(s.title for s in sheets))
    page = Path(arguments.output)
    write_named(page, render(sheets, title).encode())
    if arguments.extrap:
        every = not any(r.counts for r in sets[0].repeats)
        write_named(Path(arguments.extrap),
                    (json.dumps(extrap_data(sets[0], every), indent=1) + "\n").encode())
        print(arguments.extrap)
    print(page)
    if arguments.pdf:
        pdf = page.with_suffix(".pdf")
        print_to_pdf(page, pdf)
        print(pdf)
    return 0


def _require_distinct(arguments: argparse.Namespace) -> None:
    """Refuse two outputs of one name, of which the second would replace the first."""
    files = {"-o": Path(arguments.output)}
    if arguments.extrap:
        files["--extrap"] = Path(arguments.extrap)
    if arguments.pdf:
        files["--pdf"] = files["-o"].with_suffix(".pdf")
    seen: dict[Path, str] = {}
    for option, path in files.items():
        other = seen.setdefault(path.resolve(), option)
        if other != option:
            raise RequestError(f"{path}: is the file of {other} and of {option}; give another name")
