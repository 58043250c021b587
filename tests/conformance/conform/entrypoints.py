"""Writes the images' own commands into a manifest, since no runtime reads image.json.

Works on the text, line by line: the cases are block-style YAML, and the standard library reads none.
"""
import json
import pathlib
import re

from conform.images import STANDINS


def commands(folder: pathlib.Path) -> dict:
    """Image prefix to the command of a container that names none."""
    found = {}
    for pattern, name in STANDINS:
        path = folder / name / "image.json"
        if path.exists():
            config = json.loads(path.read_text())
            found[pattern.rstrip("*")] = config.get("Entrypoint", []) + config.get("Cmd", [])
    return found


def _key_column(line: str) -> int:
    """Where the first key of a line starts, behind the dash of a list item."""
    return len(line) - len(re.sub(r"^\s*(- )?\s*", "", line))


def _siblings(lines: list, at: int) -> list:
    """The other keys of the mapping that line `at` belongs to."""
    column, found = _key_column(lines[at]), []
    for step in (-1, 1):
        i = at
        if step == -1 and lines[at].lstrip().startswith("- "):
            continue
        while 0 <= (i := i + step) < len(lines):
            line = lines[i]
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            here, item = _key_column(line), line.lstrip().startswith("- ")
            if here < column or (item and step == 1 and here == column):
                break
            if here == column:
                found.append(line.strip().removeprefix("- "))
            if item and here == column:
                break
    return found


def with_commands(text: str, folder: pathlib.Path) -> str:
    known, lines, result = commands(folder), text.split("\n"), []
    for at, line in enumerate(lines):
        result.append(line)
        match = re.match(r"\s*(?:- )?image: *['\"]?([^'\" ]+)", line)
        command = next((c for p, c in known.items() if match and match[1].startswith(p)), None)
        if command and not any(s.startswith(("command:", "source:"))
                               for s in _siblings(lines, at)):
            result.append(" " * _key_column(line) + f"command: {json.dumps(command)}")
    return "\n".join(result)
