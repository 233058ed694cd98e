"""Finds the places of the probes in the record of a run (results.json).

They are in its list `probes`, where it has one; else in what the command line set; else in the
text of the case.  The text is read as YAML when PyYAML is installed, else by a pattern for the
usual ways to write probes.  The pattern also finds a probe that is commented out; it has no column
in probes.csv, and pictures leave it out.
"""
from __future__ import annotations

import re
from typing import Any

Places = dict[str, tuple[float, float]]


def probe_places(results: dict[str, Any]) -> Places:
    """Return name -> (x, y) [m]; empty when the record has none."""
    provenance = results.get("provenance")
    provenance = provenance if isinstance(provenance, dict) else {}
    places = _listed_places(results.get("probes"))
    command, text = (provenance.get(key) for key in ("command_line", "case_text"))
    if not places and isinstance(command, str):
        places = _matched_places(command.partition("output.probes=")[2])
    if not places and isinstance(text, str):
        places = _yaml_places(text) or _matched_places(text.partition("probes:")[2])
    return places


def _listed_places(listed: Any) -> Places:
    """Return the places of a list of {name, at: [x, y]}, without the entries that are not such."""
    places: Places = {}
    for probe in listed if isinstance(listed, list) else []:
        try:
            x, y = probe["at"]
            places[str(probe["name"])] = float(x), float(y)
        except (KeyError, TypeError, ValueError):
            continue
    return places


def _yaml_places(text: str) -> Places:
    """Return the probes of a case; empty when PyYAML is missing or cannot read the text."""
    try:
        import yaml
        case = yaml.safe_load(text)
        return _listed_places(case["output"]["probes"])
    except Exception:  # PyYAML raises many kinds of errors; the pattern is tried next
        return {}


def _matched_places(text: str) -> Places:
    number = r"\s*([-+.\deE]+)\s*"
    entry = re.compile(r"name:\s*['\"]?([^,'\"\n}]+?)['\"]?\s*[,\n]\s*at:\s*\["
                       + number + "," + number + r"\]")
    return _listed_places([{"name": n, "at": [x, y]} for n, x, y in entry.findall(text)])
