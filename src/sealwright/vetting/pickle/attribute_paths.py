"""Which attributes and items `operator.attrgetter` and `itemgetter` may ask for.

A model calls what it keeps with whatever the step before gave. A path from there to the frame of a
generator, to a module or to a method that writes ends in code of the attacker's choice.
"""

from __future__ import annotations

from sealwright.vetting.pickle.facts import Call, Facts
from sealwright.vetting.pickle.values import Const, List, Tuple

_PREFIXES = ("_", "ag_", "co_", "cr_", "func_", "gi_", "im_", "tb_")
"""Private parts; generators, coroutines, code, functions, tracebacks."""
_FRAMES = frozenset(
    ["f_back", "f_builtins", "f_code", "f_globals", "f_lasti", "f_lineno", "f_locals", "f_trace"]
)
_MODULES = frozenset(
    [
        "builtins",
        "codecs",
        "ctypes",
        "gc",
        "glob",
        "importlib",
        "inspect",
        "io",
        "joblib",
        "linecache",
        "marshal",
        "modules",
        "multiprocessing",
        "nt",
        "os",
        "pathlib",
        "pdb",
        "pickle",
        "platform",
        "posix",
        "pty",
        "runpy",
        "shutil",
        "socket",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "types",
        "urllib",
        "warnings",
        "webbrowser",
    ]
)
"""Modules as others import them, and `sys.modules`."""
_RUNNING = frozenset(
    [
        "Popen",
        "check_call",
        "check_output",
        "compile",
        "env",
        "eval",
        "exec",
        "exec_module",
        "execl",
        "execv",
        "execve",
        "execvp",
        "from_string",
        "getoutput",
        "getstatusoutput",
        "import_module",
        "load_module",
        "mro",
        "popen",
        "posix_spawn",
        "run_module",
        "run_path",
        "spawn",
        "spawnv",
        "style",
        "system",
    ]
)
"""What runs programs or code, and the way to it; the template engine of a styled frame."""
_FILES = frozenset(
    [
        "chmod",
        "copytree",
        "dump",
        "dumps",
        "export",
        "hardlink_to",
        "lchmod",
        "link_to",
        "load_library",
        "mkdir",
        "mkfifo",
        "open",
        "push_to_hub",
        "read_bytes",
        "read_text",
        "remove",
        "rename",
        "replace",
        "rmdir",
        "rmtree",
        "save",
        "save_model",
        "save_pretrained",
        "save_to_disk",
        "savefig",
        "savetxt",
        "symlink_to",
        "to_clipboard",
        "to_csv",
        "to_disk",
        "to_excel",
        "to_feather",
        "to_hdf",
        "to_html",
        "to_json",
        "to_latex",
        "to_netcdf",
        "to_orc",
        "to_parquet",
        "to_pickle",
        "to_sql",
        "to_stata",
        "to_zarr",
        "tofile",
        "touch",
        "unlink",
        "write",
        "write_bytes",
        "write_text",
        "writelines",
    ]
)
"""Methods that read, write or change files."""
REFUSED = _FRAMES | _MODULES | _RUNNING | _FILES
MAX_PATH = 1000
"""Characters of one path."""


def refused_part(path: str) -> str:
    """The part of a dotted path of attributes that it may not have; empty if there is none."""
    if len(path) > MAX_PATH:
        return path[:60]
    for part in path.split("."):
        if not part or part in REFUSED or part.startswith(_PREFIXES):
            return part or "an empty part"
    return ""


def attrgetter(call: Call, facts: Facts) -> str:
    """`operator.attrgetter(*names)`: paths to data."""
    if call.keywords or not call.args:
        return "takes names"
    for value in call.args:
        text = value.value if type(value) is Const else None
        if type(text) is not str:
            return "takes names"
        if part := refused_part(text):
            return f"takes names of data, and not {part[:60]}"
    return ""


def itemgetter(call: Call, facts: Facts) -> str:
    """`operator.itemgetter(*keys)`: no key by which Python itself keeps something."""
    waiting = list(call.args)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tuple | List) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(value.items)
        text = value.value if type(value) is Const else None
        if type(text) is str and text.startswith("__") and text.endswith("__"):
            return f"takes keys of data, and not {text[:60]}"
    return ""
