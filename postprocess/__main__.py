"""The command line: python3 -m postprocess plot|info|compare|study|report|compare-studies ...

The exit codes have the same meaning as in heat2d: 2 for a wrong command line (also a request for a
step, field or time that does not exist, and a missing Python package), 4 for a file that cannot be
read or written, 5 for a failed comparison.
"""
from __future__ import annotations

import argparse
import logging
import math
import os
import re
import sys
from typing import Callable

from .errors import PackageError, ReaderError, RequestError
from .packages import require
from .wording import printable

USAGE, UNREADABLE = 2, 4
INTERRUPTED = 130  # the exit code that shells report for a program that was stopped by Ctrl-C


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line in the form of heat2d."""

    def error(self, message: str):
        text = printable(f"{message} (see {self.prog} --help)")
        self.exit(USAGE, f"postprocess: error: {text}\n")


def _plot(arguments: argparse.Namespace) -> int:
    os.environ["MPLBACKEND"] = "Agg"  # draw into files, without a display
    # Suppress matplotlib's message about its cache folder.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    require("numpy", "h5py", "matplotlib", "contourpy")
    from .plot import run_plot
    return run_plot(arguments)


def _info(arguments: argparse.Namespace) -> int:
    require("numpy", "h5py")
    from .info import run_info
    return run_info(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    require("numpy", "h5py")
    from .compare import run_compare
    return run_compare(arguments)


def _study(arguments: argparse.Namespace) -> int:
    require("yaml", "rich")
    from .study.run_study import run_study
    return run_study(arguments)


def _report(arguments: argparse.Namespace) -> int:
    require("numpy", "matplotlib", "jinja2")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from .report.run_report import run_report
    return run_report(arguments)


def _compare_studies(arguments: argparse.Namespace) -> int:
    require("rich")
    from .compare_studies import run_compare_studies
    return run_compare_studies(arguments)


def make_parser() -> Parser:
    """Build the parser of the command line."""
    parser = Parser(prog="python3 -m postprocess",
                    description="Draws, describes and compares the output of heat2d.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND",
                                     parser_class=Parser)
    _add_plot(commands)
    info = commands.add_parser("info", help="list what an output directory holds")
    info.add_argument("directory", metavar="OUTDIR")
    info.set_defaults(run=_info)
    _add_compare(commands)
    _add_study(commands)
    _add_report(commands)
    _add_compare_studies(commands)
    return parser


def _add_plot(commands) -> None:
    plot = commands.add_parser(
        "plot", help="draw fields, profiles and the history",
        description="Without options: OUTDIR/temperature.png (the last snapshot), history.png, "
                    "series.png, and a picture of each profile; steady runs have steady.png "
                    "instead of history.png and series.png.  Prints the name of each file that "
                    "it writes.")
    _accept_exponents(plot)
    plot.add_argument("directory", metavar="OUTDIR")
    plot.add_argument("--field", metavar="NAME", help="temperature, heat_flux, conductivity, "
                      "material, owner, or the name of a dataset")
    plot.add_argument("--step", metavar="last|N|all|series", type=_step,
                      help="the last snapshot, the snapshot of step N, one picture of each "
                           "snapshot, or a series in one picture")
    plot.add_argument("-o", "--output", metavar="FILE",
                      help="the file of the picture; its ending (png, pdf, svg) is its format")
    plot.add_argument("--range", nargs=2, type=_finite, metavar=("MIN", "MAX"),
                      help="the colour range, in the unit of the field")
    plot.add_argument("--dpi", type=_whole(20, 1200), default=160, help="pixels per inch (160)")
    plot.set_defaults(run=_plot)


def _add_compare(commands) -> None:
    compare = commands.add_parser(
        "compare", help="compare the fields of two runs",
        description="Compares the snapshots of A and B that have the same time, whatever their "
                    "steps.  Exit code 5 when a difference is above the tolerance; 2 when no "
                    "times, grids, units or fields match.")
    _accept_exponents(compare)
    compare.add_argument("a", metavar="A", help="output directory, snapshot or checkpoint")
    compare.add_argument("b", metavar="B", help="output directory, snapshot or checkpoint")
    compare.add_argument("--field", action="append", metavar="NAME", default=None,
                         help="the field to compare (temperature); may be given several times")
    compare.add_argument("--time", type=_time, metavar="last|SECONDS",
                         help="compare at this time only; last: the latest time of both")
    compare.add_argument("--tolerance", type=_tolerance, metavar="T",
                         help="largest |A - B| allowed, in the unit of the field")
    compare.add_argument("--ignore-time", action="store_true",
                         help="compare two files even though their times differ")
    compare.set_defaults(run=_compare)


def _add_study(commands) -> None:
    study = commands.add_parser(
        "study", help="run a scaling study or a sweep",
        description="Runs the points of STUDY.yaml that have no complete results.json yet, in "
                    "random order, and prints a table.  The same command continues a study.  Exit "
                    "code 5 when a run failed or is not valid.")
    study.add_argument("study", metavar="STUDY.yaml")
    study.add_argument("--output", metavar="DIR", help="folder of the study (out/STUDY)")
    study.add_argument("--launcher", choices=("local", "slurm", "jube"), default="local",
                       help="run here one by one (default), submit jobs, or write a JUBE file")
    study.add_argument("--program", metavar="HEAT2D",
                       help="the program under test (build/heat2d, or heat2d in PATH)")
    study.add_argument("--mpiexec", metavar="COMMAND",
                       help="its launcher (that of the build, or mpiexec in PATH)")
    study.add_argument("--retry-failed", action="store_true", help="run failed runs again")
    study.add_argument("--wait", action="store_true",
                       help="with --launcher slurm: wait until all jobs have ended")
    study.set_defaults(run=_study)


def _add_report(commands) -> None:
    report = commands.add_parser(
        "report", help="write a page about studies and runs",
        description="Writes one self-contained HTML file about the folders: studies, runs, or "
                    "folders that hold runs.  Reads results.json and study.json only.")
    report.add_argument("directories", metavar="DIR", nargs="+")
    report.add_argument("-o", "--output", metavar="FILE.html", default="report.html",
                        help="the page (report.html)")
    report.add_argument("--title", help="title of the page")
    report.add_argument("--pdf", action="store_true",
                        help="also print the page to FILE.pdf (needs the browser chromium)")
    report.add_argument("--extrap", metavar="FILE.json",
                        help="also write the measurements for Extra-P")
    report.set_defaults(run=_report)


def _add_compare_studies(commands) -> None:
    compare = commands.add_parser(
        "compare-studies", help="compare the times of two studies",
        description="Compares the points of A and B that have the same name.  Exit code 5 when B "
                    "is slower beyond the threshold and the noise, not valid, or incomplete; 2 "
                    "when nothing can be compared.")
    _accept_exponents(compare)
    compare.add_argument("a", metavar="A", help="folder of a study, or of runs: the reference")
    compare.add_argument("b", metavar="B", help="folder of a study, or of runs")
    compare.add_argument("--threshold", type=_tolerance, default=0.05, metavar="T",
                         help="relative increase of a time that is allowed (0.05)")
    compare.add_argument("--min-runs", type=_whole(1, 10_000), default=6, metavar="N",
                         help="fewest runs of a point (6); below 6 the interval is the range")
    compare.add_argument("--invalid", action="store_true",
                         help="also use the times of runs that are not valid")
    compare.add_argument("--json", metavar="FILE", help="also write the comparison to FILE")
    compare.set_defaults(run=_compare_studies)


def _accept_exponents(parser: argparse.ArgumentParser) -> None:
    """Let argparse read -1e3 as a number: by itself it takes it for an option."""
    parser._negative_number_matcher = re.compile(r"-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


def _step(text: str) -> str:
    if text in ("last", "all", "series") or (text.isascii() and text.isdecimal()):
        return text
    raise argparse.ArgumentTypeError(f"'{text}' is none of last, all, series or a step number")


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return value


def _time(text: str) -> float | None:
    """Read a time in seconds; `last` is infinity."""
    return math.inf if text == "last" else _finite(text)


def _tolerance(text: str) -> float:
    value = _finite(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"'{text}' is negative")
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Return the type of an option: a whole number from least to most."""
    def number(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} to {most}")
    return number


def _check_plot(parser: Parser, arguments: argparse.Namespace) -> None:
    """Refuse combinations of options, which argparse cannot check."""
    if arguments.range and not arguments.range[0] < arguments.range[1]:
        parser.error("argument --range: MIN must be below MAX")
    if arguments.output and arguments.step == "all":
        parser.error("argument -o: one file cannot hold --step all")
    endings = (".png", ".pdf", ".svg")
    if arguments.output and not arguments.output.lower().endswith(endings):
        parser.error(f"argument -o: '{arguments.output}' must end in {', '.join(endings)}")


def _fail(error: Exception | str, code: int) -> int:
    print(f"postprocess: error: {printable(str(error))}", file=sys.stderr)
    return code


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # the encoding of a terminal may lack superscripts
    if sys.version_info < (3, 9):
        return _fail(f"{sys.executable} is older than Python 3.9, which postprocess needs", USAGE)
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "plot":
        _check_plot(parser, arguments)
    try:
        return arguments.run(arguments)
    except ReaderError as error:
        return _fail(error, UNREADABLE)
    except (RequestError, PackageError) as error:
        return _fail(error, USAGE)
    except MemoryError:
        return _fail("out of memory", UNREADABLE)
    except BrokenPipeError:  # the reader of stdout has ended, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that is not writable
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}", UNREADABLE)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
