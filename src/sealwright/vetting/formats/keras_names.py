"""What Keras itself brings, as exact names, and what a configuration must never name.

The table beside this file is written by `tools/keras_names.py` from Keras 2.3 to 3.15 and tf_keras.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec

TABLE = Path(__file__).with_name("keras_names.json")

_SAME = frozenset(("keras", "tf_keras", "src", "api", "_tf_keras", "tensorflow", "tf", "python"))
"""Parts of a module's path in which packages and versions of Keras differ."""
_OWN = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "tf.keras")
_OLD_TEXT = """
    BatchNormalizationV1 BatchNormalizationV2 UnifiedLSTM UnifiedGRU Network Container Graph
    Convolution1D Convolution2D Convolution3D Deconvolution2D Deconvolution3D AtrousConvolution1D
    AtrousConvolution2D SeparableConvolution2D Highway MaxoutDense TimeDistributedDense Merge
    ParametricSoftplus SReLU Masking Permute
"""
OLD = frozenset(_OLD_TEXT.split())
"""Layers of Keras 1 and of TensorFlow 1 that the table's versions no longer have."""
BUILT_IN = (
    *("activations", "constraints", "initializers", "losses", "metrics", "optimizers"),
    *("regularizers", "quantizers"),
)
"""Where Keras looks for a function that is given by its bare name."""
_LOADING = frozenset(
    (
        *("utils", "saving", "config", "backend", "datasets", "applications", "callbacks"),
        *("export", "preprocessing", "tree", "visualization", "distribution", "wrappers"),
    )
)
"""Rooms of Keras that hold no part of a model."""
_LOADERS = frozenset(
    (
        *("get", "serialize", "deserialize", "serialize_keras_object", "deserialize_keras_object"),
        *("load_model", "save_model", "clone_model", "model_from_json", "model_from_yaml"),
        *("model_from_config", "get_file", "load_img", "save_img", "enable_unsafe_deserialization"),
        *("func_load", "func_dump", "load_weights", "save_weights", "extract_archive"),
    )
)
_STANDARD_TEXT = """
    __builtin__ __builtins__ __future__ _frozen_importlib _posixsubprocess _thread abc antigravity
    argparse ast asyncio asyncore atexit base64 bdb binascii builtins bz2 cProfile calendar cgi
    cgitb cmd code codecs codeop collections commands compileall concurrent configparser
    contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib
    dis distutils doctest email ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch
    fractions ftplib functools gc getopt getpass gettext glob grp gzip hashlib heapq hmac html
    http idlelib imaplib imp importlib inspect io ipaddress itertools json keyword lib2to3
    linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder
    multiprocessing netrc nntplib nt ntpath numbers opcode operator optparse os parser pathlib pdb
    pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile
    pstats pty pwd py_compile pyclbr pydoc queue quopri random re readline reprlib resource
    rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib
    sndhdr socket socketserver spwd sqlite3 ssl stat statistics string stringprep struct
    subprocess sunau symtable sys sysconfig syslog tarfile telnetlib tempfile termios test
    textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc
    tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave
    weakref webbrowser winreg wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
    IPython cloudpickle dill joblib pip pkg_resources requests setuptools yaml
"""
STANDARD = frozenset(_STANDARD_TEXT.split())
"""Modules of the standard library, and a few others, that are no part of any model."""
_BUILTIN_CALLS_TEXT = """
    __build_class__ __import__ breakpoint compile delattr dir eval exec execfile exit getattr
    globals help hasattr input locals memoryview open print quit setattr type vars
"""
BUILTIN_CALLS = frozenset(_BUILTIN_CALLS_TEXT.split())


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """The table. Modules are written as `normal` gives them."""

    versions: tuple[str, ...]
    classes: dict[str, frozenset[str]]
    functions: dict[str, frozenset[str]]
    flat: frozenset[str]
    """All names of classes, for configurations that give no module (Keras 2)."""
    built_in: frozenset[str]
    """Functions and classes that a bare name can mean."""


@cache
def names() -> Names:
    """The table, read once."""
    raw = json.loads(TABLE.read_bytes())
    classes = {module: frozenset(found) for module, found in raw["classes"].items()}
    functions = {module: frozenset(found) for module, found in raw["functions"].items()}
    both = (classes, functions)
    return Names(
        versions=tuple(raw["versions"]),
        classes=classes,
        functions=functions,
        flat=OLD.union(*classes.values()),
        built_in=frozenset().union(
            *(table.get(module, frozenset()) for table in both for module in BUILT_IN)
        ),
    )


def own(module: str) -> bool:
    """Whether a module belongs to Keras, in any of its packages."""
    return any(module == name or module.startswith(f"{name}.") for name in _OWN)


def normal(module: str) -> str:
    """A module of Keras without what differs between packages and versions."""
    return ".".join(part for part in module.split(".") if part not in _SAME)


def known_class(module: str, name: str) -> bool:
    """Whether Keras has a class of this name in this module that a model may hold."""
    return name in names().classes.get(normal(module), ())


def known_function(module: str, name: str) -> bool:
    """Whether Keras has a function of this name there that only computes."""
    return name in names().functions.get(normal(module), ())


def loads(module: str, name: str) -> bool:
    """Whether something of Keras that is in no table is known to read, write, load or look up."""
    room = normal(module).split(".")[0]
    return name in _LOADERS or room in _LOADING or "saving" in module
