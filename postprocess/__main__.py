"""The command line: python3 -m postprocess plot|info|compare ...

Exit codes are heat2d's own: 2 for a wrong command line (or asking for what is not there), 4 for a
file that cannot be read or written, 5 for a comparison that failed.
"""
from __future__ import annotations

import argparse
import math
import os
import re
import sys

from .reader import ReaderError, RequestError

USAGE, UNREADABLE = 2, 4


class Parser(argparse.ArgumentParser):
    """Errors in one line, in our form."""

    def error(self, message: str):
        self.exit(USAGE, f"postprocess: error: {message} (see {self.prog} --help)\n")


def _plot(arguments: argparse.Namespace) -> int:
    from .plot import run_plot  # here: matplotlib takes its time to load
    return run_plot(arguments)


def _info(arguments: argparse.Namespace) -> int:
    from .info import run_info
    return run_info(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from .compare import run_compare
    return run_compare(arguments)


def make_parser() -> Parser:
    parser = Parser(prog="python3 -m postprocess",
                    description="Draws, describes and compares the output of heat2d.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND",
                                     parser_class=Parser)
    _add_plot(commands)
    info = commands.add_parser("info", help="what there is in an output directory")
    info.add_argument("directory", metavar="OUTDIR")
    info.set_defaults(run=_info)
    _add_compare(commands)
    return parser


def _add_plot(commands) -> None:
    plot = commands.add_parser(
        "plot", help="pictures of fields and of the history",
        description="Without options: OUTDIR/temperature.png (the last snapshot), history.png and "
                    "series.png.  Prints the names of the files it wrote.")
    # argparse would take -1e3 for an option: it knows negative numbers without exponent only.
    plot._negative_number_matcher = re.compile(r"-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
    plot.add_argument("directory", metavar="OUTDIR")
    plot.add_argument("--field", metavar="NAME", help="temperature, heat_flux, conductivity, "
                      "material, owner, or a dataset's name")
    plot.add_argument("--step", metavar="last|N|all|series", type=_step,
                      help="the last snapshot, that of step N, one picture of each, or a series")
    plot.add_argument("-o", "--output", metavar="FILE",
                      help="the picture's file; its ending decides the format (png, pdf, svg)")
    plot.add_argument("--range", nargs=2, type=_finite, metavar=("MIN", "MAX"),
                      help="the colour range, in the field's unit")
    plot.add_argument("--dpi", type=_dpi, default=160, help="pixels an inch (160)")
    plot.set_defaults(run=_plot)


def _add_compare(commands) -> None:
    compare = commands.add_parser(
        "compare", help="the difference of two runs",
        description="Of the last step that both have.  Exit code 5 above the tolerance.")
    compare.add_argument("a", metavar="A", help="output directory, snapshot or checkpoint")
    compare.add_argument("b", metavar="B")
    compare.add_argument("--field", default="temperature", metavar="NAME")
    compare.add_argument("--tolerance", type=_tolerance, metavar="T",
                         help="largest |A - B| allowed, in the field's unit")
    compare.set_defaults(run=_compare)


def _step(text: str) -> str:
    if text in ("last", "all", "series") or text.isdecimal():
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


def _tolerance(text: str) -> float:
    value = _finite(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"'{text}' is negative")
    return value


def _dpi(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 1200:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 20 to 1200")
    return int(text)


def _check_plot(parser: Parser, arguments: argparse.Namespace) -> None:
    """What argparse cannot see: options that do not go together."""
    if arguments.range and not arguments.range[0] < arguments.range[1]:
        parser.error("argument --range: MIN must be below MAX")
    if arguments.output and arguments.step == "all":
        parser.error("argument -o: one file cannot hold --step all")
    endings = (".png", ".pdf", ".svg")
    if arguments.output and not arguments.output.lower().endswith(endings):
        parser.error(f"argument -o: '{arguments.output}' must end in {', '.join(endings)}")


def main(argv: list[str] | None = None) -> int:
    """Exit code of the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that has no superscripts
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "plot":
        _check_plot(parser, arguments)
    try:
        return arguments.run(arguments)
    except (ReaderError, RequestError) as error:
        print(f"postprocess: error: {error}", file=sys.stderr)
        return UNREADABLE if isinstance(error, ReaderError) else USAGE
    except BrokenPipeError:  # the reader of our output has gone (| head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
