"""Loads a serialised model with an unpickler that finds only the names it was given.

Standard library alone, so that this very file runs in the sandbox, too:
`python restricted.py request.json`. The formats' own libraries are imported where they are needed.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
import types
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from pathlib import Path
from typing import IO, Any

Names = frozenset[tuple[str, str]]


class NotAllowed(pickle.UnpicklingError):
    """The file asks for a name that the scan did not see, or that no pack allows."""


def load(file: Path, form: str, allowed: Names) -> Any:
    """The object in `file`. NotAllowed for any name that is not in `allowed` (module, name)."""
    if form == "joblib":
        return _joblib(file, allowed)
    if form == "torch":
        return _torch(file, allowed)
    if form in ("npy", "npz"):
        return _numpy(file, form, allowed)
    with file.open("rb") as opened:
        return _unpickler(allowed)(opened).load()


def mapped(module: str, name: str, *, protocol: int = 0) -> tuple[str, str]:
    """A name of Python 2 as Python 3 has it, as the unpickler does below protocol 3."""
    if protocol >= 3:
        return module, name
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[(module, name)]
    return IMPORT_MAPPING.get(module, module), name


def _check(module: str, name: str, allowed: Names) -> None:
    if (module, name) not in allowed and mapped(module, name) not in allowed:
        raise NotAllowed(f"{module}.{name} is not among the names that were allowed")


def _unpickler(allowed: Names) -> type[pickle.Unpickler]:
    class Restricted(pickle.Unpickler):
        """Finds what is allowed, and nothing by its extension code."""

        def find_class(self, module: str, name: str) -> Any:
            _check(module, name, allowed)
            return super().find_class(module, name)

    return Restricted


def _joblib(file: Path, allowed: Names) -> Any:
    from joblib import numpy_pickle, numpy_pickle_utils

    class Restricted(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
        """The same for joblib, which reads arrays from between the opcodes."""

        def find_class(self, module: str, name: str) -> Any:
            _check(module, name, allowed)
            return super().find_class(module, name)

    # joblib before 1.5 has it under another name, and gives the file alone.
    inflating = getattr(numpy_pickle_utils, "_validate_fileobject_and_memmap", None)
    inflating = inflating or numpy_pickle_utils._read_fileobject
    before = numpy_pickle.pickle
    with file.open("rb") as raw, inflating(raw, str(file), mmap_mode=None) as given:
        opened = given[0] if isinstance(given, tuple) else given
        # Arrays of objects are read with the module's own pickle.load: it gets ours meanwhile.
        numpy_pickle.pickle = _pickle_module(allowed)
        try:
            return _made(Restricted, str(file), opened).load()
        finally:
            numpy_pickle.pickle = before


def _made(kind: Any, name: str, opened: Any) -> Any:
    try:
        return kind(name, opened, ensure_native_byte_order=True)
    except TypeError:  # before joblib 1.5
        return kind(name, opened)


def _torch(file: Path, allowed: Names) -> Any:
    import torch

    return torch.load(
        file, map_location="cpu", weights_only=False, pickle_module=_pickle_module(allowed)
    )


def _pickle_module(allowed: Names) -> Any:
    """What torch and joblib take in place of the module `pickle`."""
    restricted = _unpickler(allowed)
    module = types.ModuleType("restricted_pickle")
    for name in ("Pickler", "dumps", "dump", "HIGHEST_PROTOCOL", "PickleError", "UnpicklingError"):
        setattr(module, name, getattr(pickle, name))
    members: dict[str, Any] = {
        "Unpickler": restricted,
        "load": lambda file, **more: restricted(file, **more).load(),
        "loads": lambda data, **more: restricted(io.BytesIO(data), **more).load(),
        "__name__": "pickle",
    }
    for name, value in members.items():
        setattr(module, name, value)
    return module


def _numpy(file: Path, form: str, allowed: Names) -> Any:
    import zipfile

    if form == "npy":
        with file.open("rb") as opened:
            return _array(opened, allowed)
    found = {}
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as opened:
                found[name.removesuffix(".npy")] = _array(io.BytesIO(opened.read()), allowed)
    return found


def _array(opened: IO[bytes], allowed: Names) -> Any:
    import numpy as np

    start = opened.tell()
    version = np.lib.format.read_magic(opened)
    reader = getattr(np.lib.format, f"read_array_header_{version[0]}_0", None)
    if reader is None:  # version 3 has the layout of version 2, with another encoding
        opened.seek(start)
        return np.load(opened, allow_pickle=False)
    shape, fortran, dtype = reader(opened)
    if not dtype.hasobject:
        opened.seek(start)
        return np.load(opened, allow_pickle=False)
    array = _unpickler(allowed)(opened).load()
    return array.reshape(shape, order="F" if fortran else "C")


def main(arguments: list[str]) -> int:
    """Loads what the request names, and prints the type of what came out, as JSON."""
    request = json.loads(Path(arguments[0]).read_text("utf-8"))
    allowed = frozenset((module, name) for module, name in request["allowed"])
    made = load(Path(request["file"]), request["form"], allowed)
    kind = type(made)
    sys.stdout.write(json.dumps({"type": f"{kind.__module__}.{kind.__qualname__}"}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
