"""Values that another program writes: `{from_file: path}` and `{from_env: NAME}` in place of any value.

A stack file is written by people; a port that was free this morning, a key that a secret manager mounts, a token that CI
holds, are not. Wherever the stack file wants a value, it may name the file or the environment variable that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.settings.problems import Problem, key_of


def resolve(raw: Any, root: Path, path: tuple[str | int, ...] = ()) -> tuple[Any, list[Problem]]:
    """The same tree with every reference replaced by what it names; relative files are looked up from `root`.

    A final line break is dropped, since editors and shells add one. What is not to be had is a problem at its key,
    and the value is then None.
    """
    problems: list[Problem] = []
    if isinstance(raw, Mapping):
        if set(raw) in ({"from_file"}, {"from_env"}):
            return _read(raw, root, path)
        tree: dict[str, Any] = {}
        for key, value in raw.items():
            tree[key], found = resolve(value, root, (*path, key))
            problems += found
        return tree, problems
    if isinstance(raw, list):
        items = [resolve(value, root, (*path, index)) for index, value in enumerate(raw)]
        return [value for value, _ in items], [problem for _, found in items for problem in found]
    return raw, problems


def _read(reference: Mapping[str, Any], root: Path, path: tuple[str | int, ...]) -> tuple[Any, list[Problem]]:
    kind, name = next(iter(reference.items()))
    if not isinstance(name, str) or not name:
        return None, [Problem(key_of((*path, kind)), "must be the name of a file or environment variable")]
    if kind == "from_env":
        if name in os.environ:
            return os.environ[name].removesuffix("\n"), []
        return None, [Problem(key_of(path), f"environment variable {name} is not set")]
    try:
        return (root / name).read_text().removesuffix("\n"), []
    except FileNotFoundError:
        return None, [Problem(key_of(path), f'file "{name}" does not exist; what writes it has not run yet')]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(key_of(path), f'file "{name}" cannot be read: {getattr(error, "strerror", error)}')]
