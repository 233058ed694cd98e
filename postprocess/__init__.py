"""Reads, draws and compares what heat2d writes into an output directory.

From a script: ``from postprocess.reader import Run``; from the shell:
``python3 -m postprocess --help``.  README.md has both by example.
"""
