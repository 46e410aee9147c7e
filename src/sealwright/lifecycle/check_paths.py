"""Whether declared paths stay below the file's folder, exist, and keep out of each other's way."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from sealwright.lifecycle.model import Lifecycle
from sealwright.lifecycle.positions import Path as KeyPath
from sealwright.lifecycle.problem import Problem, dotted, shown

STATE_FOLDER = ".sealwright"
"""Where keys and ledger live: never data, code or output."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RELATIVE = "paths are relative to the folder of the lifecycle file"


@dataclass(frozen=True, slots=True)
class _Declared:
    """A path as declared, and what must be there."""

    key: KeyPath
    text: str
    what: Literal["file", "file or folder", "report", "output folder"]


def path_problems(lifecycle: Lifecycle, *, file: Path, exist: bool) -> Iterator[Problem]:
    """Mistakes in the paths; with `exist`, also inputs that are not there or are links."""
    sound: list[_Declared] = []
    for declared in _declared(lifecycle):
        problem = spelling_problem(declared.text, key=declared.key)
        if problem is not None:
            yield problem
        else:
            sound.append(declared)
    yield from _model_problems(lifecycle)
    yield from _overlaps(lifecycle, sound, own_name=file.name)
    for declared in sound:
        yield from _on_disk(declared, root=file.parent, exist=exist)


def spelling_problem(text: str, *, key: KeyPath) -> Problem | None:
    """What is wrong with the spelling of a relative path, if anything: one file, one spelling."""
    name, path = dotted(key), text.removesuffix("/")
    normal = posixpath.normpath(path)
    if _CONTROL.search(text) is not None:
        return Problem(key, f"{name}: a path may not hold control characters")
    if "\\" in text:
        return Problem(key, f"{name}: a path may not hold a backslash", "separate folders with /")
    if text.startswith(("/", "~")):
        return Problem(key, f"{name}: {shown(text)} is not a relative path", _RELATIVE)
    if normal.split("/")[0] == "..":
        return Problem(
            key, f"{name}: {shown(text)} leads out of the folder of the lifecycle file", _RELATIVE
        )
    if normal == ".":
        return Problem(
            key,
            f"{name}: the folder of the lifecycle file itself cannot be used",
            "it holds the keys and the ledger; name files or folders in it",
        )
    if normal != path:
        return Problem(key, f"{name}: {shown(text)} is not plain", f"write {shown(normal)}")
    if normal.split("/")[0] == STATE_FOLDER:
        return Problem(
            key,
            f"{name}: {STATE_FOLDER} holds keys and ledger and cannot be used",
            "choose another folder",
        )
    return None


def _declared(lifecycle: Lifecycle) -> Iterator[_Declared]:
    for name, data in lifecycle.data.items():
        yield _Declared(("data", name, "path"), data.path, "file or folder")
        for index, script in enumerate(data.produced_by):
            yield _Declared(("data", name, "produced_by", index), script, "file")
    for index, code in enumerate(lifecycle.training.code):
        yield _Declared(("training", "code", index), code, "file or folder")
    for name, folder in lifecycle.training.models.items():
        yield _Declared(("training", "models", name), folder, "output folder")
    yield _Declared(("training", "output"), lifecycle.training.output, "output folder")
    for index, report in enumerate(lifecycle.training.reports):
        yield _Declared(("training", "reports", index), report, "report")
    if lifecycle.training.lock:
        yield _Declared(("training", "lock"), lifecycle.training.lock, "file")
    if lifecycle.governance.policy:
        yield _Declared(("governance", "policy"), lifecycle.governance.policy, "file")


def _model_problems(lifecycle: Lifecycle) -> Iterator[Problem]:
    key: KeyPath = ("validation", "model")
    problem = spelling_problem(lifecycle.validation.model, key=key)
    if problem is not None:
        yield problem
    elif not lifecycle.validation.model.endswith(".onnx"):
        yield Problem(
            key,
            f"validation.model: {shown(lifecycle.validation.model)} is not an .onnx file",
            "the model under test runs in ONNX Runtime; export it from the training script",
        )


def _overlaps(lifecycle: Lifecycle, sound: list[_Declared], *, own_name: str) -> Iterator[Problem]:
    paths = {each.key: PurePosixPath(each.text) for each in sound}
    output_key: KeyPath = ("training", "output")
    output = paths.pop(output_key, None)
    if output is not None:
        if output == PurePosixPath(own_name):
            yield Problem(output_key, "training.output: this is the lifecycle file itself")
        for key, path in paths.items():
            if _nested(output, path):
                yield Problem(
                    output_key,
                    f"training.output: {shown(str(output))} overlaps with {dotted(key)} "
                    f"({shown(str(path))})",
                    "what the run reads and what it writes must be apart",
                )
    visible: list[KeyPath] = [("data", name, "path") for name in lifecycle.training.inputs]
    visible += [key for key in paths if key[:2] == ("training", "code")]
    for name, data in lifecycle.data.items():
        key = ("data", name, "path")
        if data.role != "test" or key not in paths:
            continue
        for other in visible:
            if other != key and other in paths and _nested(paths[key], paths[other]):
                yield Problem(
                    key,
                    f"{dotted(key)}: the test data overlaps with {dotted(other)}, "
                    "which the training run sees",
                    "keep test data where the training run cannot read it",
                )


def _nested(one: PurePosixPath, other: PurePosixPath) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _on_disk(declared: _Declared, *, root: Path, exist: bool) -> Iterator[Problem]:
    """Looks at each step of the path without following links."""
    name, place = dotted(declared.key), root
    mode = 0
    for part in PurePosixPath(declared.text).parts:
        place = place / part
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            if exist and declared.what not in ("report", "output folder"):
                yield Problem(
                    declared.key,
                    f"{name}: there is no {declared.what} {shown(declared.text)}",
                    _RELATIVE,
                )
            return
        except OSError as error:
            yield Problem(
                declared.key, f"{name}: {shown(declared.text)} cannot be used: {error.strerror}"
            )
            return
        if stat.S_ISLNK(mode):
            yield Problem(
                declared.key,
                f"{name}: {shown(declared.text)} goes through a symbolic link",
                "a link can be pointed elsewhere later; name the file or folder itself",
            )
            return
    wanted = {
        "file": stat.S_ISREG(mode),
        "file or folder": stat.S_ISREG(mode) or stat.S_ISDIR(mode),
        "report": stat.S_ISREG(mode),
        "output folder": stat.S_ISDIR(mode),
    }
    if not wanted[declared.what]:
        kind = {"report": "file", "output folder": "folder"}.get(declared.what, declared.what)
        yield Problem(declared.key, f"{name}: {shown(declared.text)} is not a {kind}")
