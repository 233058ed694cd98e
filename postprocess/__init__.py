"""Reads, draws and compares what heat2d writes into an output directory.

From a script: ``from postprocess.reader import Run``; from the shell:
``python3 -m postprocess --help``.  README.md shows both by example.
"""
import os

# Both are read when the HDF5 library starts, so they are set before any module here imports h5py.
# Reading needs no lock, and a parallel file system may have none to give.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
# A field file that comes from a stranger must not make HDF5 load a filter plugin.
os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")
