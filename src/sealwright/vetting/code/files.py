"""Sorts what lies in a code folder: Python source, settings, and what does not belong there.

Data that lies among the code is data that nobody examined: the training would read it all the same.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

from sealwright.patterns import regex
from sealwright.vetting.interface import (
    CodeCheck,
    CodeExamination,
    Member,
    Observation,
    Rule,
    observe,
)

NOTEBOOK = ".ipynb"
_PYTHON = frozenset((".py", ".pyi", ".pyw"))
_TEXT = frozenset(
    (".cfg", ".in", ".ini", ".json", ".lock", ".md", ".rst", ".toml", ".txt", ".yaml", ".yml")
)
_NAMES = frozenset(("license", "licence", "notice", "readme", "py.typed", ".gitignore"))
_COMPILED = frozenset((".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib"))
_DATA = frozenset(
    (
        *(".arff", ".arrow", ".avro", ".csv", ".dat", ".data", ".db", ".duckdb", ".feather"),
        *(".h5", ".hdf5", ".jsonl", ".libsvm", ".mat", ".ndjson", ".npy", ".npz", ".orc"),
        *(".parquet", ".rds", ".sav", ".sqlite", ".tsv", ".xls", ".xlsx"),
        *(".bin", ".ckpt", ".gguf", ".joblib", ".keras", ".onnx", ".pickle", ".pkl", ".pt"),
        *(".pth", ".safetensors", ".tflite"),
        *(".7z", ".bz2", ".gz", ".tar", ".tgz", ".whl", ".xz", ".zip", ".zst"),
    )
)
MAX_TEXT = 64 * 1024
"""Bytes of a file that can still pass for settings or documentation."""
MAX_NUMBERS = 512
"""Numbers in all such files together, beyond which they hold a table, however it is written."""
_NUMBER = regex(r"(?<![\w.+-])[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")

COMPILED = Rule(
    id="SW-CODE-001",
    effect="fail",
    severity="high",
    title="Compiled code lies beside the source and can run in its place",
    why="Bytecode and native libraries run instead of the source that was reviewed.",
    example="__pycache__/train.cpython-311.pyc",
    remediation="delete it (and __pycache__ folders), and list only source as training code",
    atlas=("AML.T0010.001", "AML.T0074"),
)
UNEXAMINED = Rule(
    id="SW-CODE-002",
    effect="inconclusive",
    severity="medium",
    title="The file could run and is not examined in this version",
    why="It may do anything when it runs, and nothing here understands it.",
    example="run.sh",
    remediation="keep shell scripts and data out of the training code",
)
DATA = Rule(
    id="SW-CODE-003",
    effect="fail",
    severity="high",
    title="Data or a model lies in the training code, where no data check looks at it",
    why="Data among the code reach the training without a data check, and can poison it.",
    example="lookup.csv beside train.py",
    remediation="declare it as a data set ([data.NAME]) and as an input of [training]",
    atlas=("AML.T0020",),
)
TOO_MUCH = Rule(
    id="SW-CODE-004",
    effect="inconclusive",
    severity="medium",
    title="A text file is too large, or holds too many numbers, to be settings",
    why="A table in a text file is data, however it is called.",
    example="params.json with 600 numbers",
    remediation="if it is data, declare it as a data set; else keep it out of the training code",
    atlas=("AML.T0020",),
)
SETTINGS = Rule(
    id="SW-CODE-005",
    effect="note",
    severity="info",
    title="Settings or documentation, looked at as text",
    why="Settings steer the training; they are listed so that somebody reads them.",
    example="params.toml",
    remediation="review what the training reads from it",
)


def is_python(file: Member) -> bool:
    """Python by its extension or by its first line."""
    first = bytes(file.data[:128]).split(b"\n", 1)[0]
    return file.extension in _PYTHON or (first.startswith(b"#!") and b"python" in first)


def is_settings(file: Member) -> bool:
    """Settings or documentation by its name, and not a script by its first line."""
    base = file.path.rpartition("/")[2].lower()
    return (file.extension in _TEXT or base in _NAMES) and bytes(file.data[:2]) != b"#!"


def examine(files: tuple[Member, ...]) -> CodeExamination:
    """Reports every file that is not Python source."""
    seen: list[Observation] = []
    numbers = 0
    for file in files:
        text = _text(file)
        if file.extension in _COMPILED:
            seen.append(observe(COMPILED, "compiled code", location=file.path))
        elif is_python(file) or file.extension == NOTEBOOK:
            continue  # the rule pack reads them
        elif file.extension in _DATA:
            message = f"{file.extension} is data, not code"
            seen.append(observe(DATA, message, location=file.path))
        elif text is None:
            seen.append(observe(DATA, "binary content", location=file.path))
        elif not is_settings(file):
            message = "neither Python source nor settings"
            seen.append(observe(UNEXAMINED, message, location=file.path))
        else:
            numbers += sum(1 for _ in _NUMBER.finditer(text))
            seen.append(_settings(file, numbers=numbers))
    return CodeExamination(observations=tuple(seen))


def _settings(file: Member, *, numbers: int) -> Observation:
    size = len(file.data)
    if size > MAX_TEXT:
        message = f"{size} bytes; settings have at most {MAX_TEXT}"
        return observe(TOO_MUCH, message, location=file.path)
    if numbers > MAX_NUMBERS:
        message = f"with this file, the text files hold {numbers} numbers; at most {MAX_NUMBERS}"
        return observe(TOO_MUCH, message, location=file.path)
    return observe(SETTINGS, f"{size} bytes of text", location=file.path)


def _text(file: Member) -> str | None:
    """The file's first `MAX_TEXT` bytes as text; None for what is no text."""
    head = bytes(file.data[:MAX_TEXT])
    try:
        text = getincrementaldecoder("utf-8")().decode(head, final=len(head) == len(file.data))
    except UnicodeDecodeError:
        return None
    control = any(char < " " and char not in "\t\n\r\f" for char in text)
    return None if control else text


CHECK = CodeCheck(
    id="code-files",
    title="What lies in the training code",
    examines=(
        "Names and contents of all files that are not Python source. Settings pass as text, up to "
        "a size and a count of numbers; compiled code, data and other binary files fail."
    ),
    rules=(COMPILED, UNEXAMINED, DATA, TOO_MUCH, SETTINGS),
    engine=dict,
    examine=examine,
)
