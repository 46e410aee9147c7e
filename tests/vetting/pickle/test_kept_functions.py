"""Functions that models keep: no chain of them, and no arguments that a stream may not give."""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from functools import partial
from operator import attrgetter, itemgetter

import pytest

from sealwright.vetting.pickle.attribute_paths import refused_part
from tests.attacks.pickle_policy.kept_functions import (
    ATTRGETTER,
    CASES,
    DEFAULTDICT,
    ITEMGETTER,
    ORDINARY,
    PARTIAL,
    attributes,
    identity,
    nested,
)
from tests.attacks.pickle_policy.kept_functions import partial as kept
from tests.vetting.pickle.assemble import (
    NONE,
    build,
    call,
    listed,
    mapped,
    met,
    name,
    number,
    several,
    text,
    verdict,
)


@pytest.mark.parametrize("title", sorted(CASES))
def test_a_link_of_a_chain_fails(title: str) -> None:
    assert verdict(CASES[title]()) == "fail"


@pytest.mark.parametrize("title", sorted(ORDINARY))
def test_functions_that_ordinary_models_keep_pass(title: str) -> None:
    assert met(ORDINARY[title]()) == set()


@pytest.mark.parametrize(
    "path",
    [
        *("gi_frame", "gi_frame.f_globals", "a.f_back", "f_builtins", "tb_frame", "cr_frame"),
        *("ag_code", "func_globals", "co_code", "__class__", "a._b", "a..b", "", "sys.modules"),
        *("os", "modules", "system", "popen", "write_text", "parent.unlink", "to_pickle", "tofile"),
        *("open", "read_text", "replace", "rename", "save", "style.env", "x" * 2000),
    ],
)
def test_paths_to_frames_modules_and_files_are_refused(path: str) -> None:
    assert refused_part(path)
    assert met(call(ATTRGETTER, text(path))) == {"SW-PKL-006"}
    assert met(call(ATTRGETTER, text("name"), text(path))) == {"SW-PKL-006"}


@pytest.mark.parametrize("path", ["name", "a.b.c", "T", "shape", "str.len", "dt.month", "f_score"])
def test_paths_to_data_are_taken(path: str) -> None:
    assert refused_part(path) == ""
    assert met(call(ATTRGETTER, text(path))) == set()


def test_items_that_python_keeps_are_refused() -> None:
    assert met(call(ITEMGETTER, text("__builtins__"))) == {"SW-PKL-006"}
    assert met(call(ITEMGETTER, several(text("a"), text("__builtins__")))) == {"SW-PKL-006"}
    assert met(call(ITEMGETTER, text("_builtins_"), number(1))) == set()


def test_partials_within_one_another_are_looked_through_to_a_depth() -> None:
    assert verdict(nested(10)) == "pass"
    assert verdict(nested(40)) == "fail"
    assert verdict(kept(kept(DEFAULTDICT, name("builtins.int")), mapped())) == "pass"


def test_a_partial_that_holds_itself_ends() -> None:
    made = call(PARTIAL, call(PARTIAL, name("builtins.len")))
    body = made + b"q\x00" + several(b"h\x00", several(), mapped(), NONE) + b"b"
    assert verdict(body) == "fail"


def test_shared_containers_are_looked_at_once() -> None:
    shared = listed(*([number(1)] * 20_000), name("builtins.len"))
    again = build(call(name("types.SimpleNamespace")), mapped(text("a"), b"h\x00"))
    assert verdict(b"(" + shared + b"q\x00" + again * 500 + b"t") == "pass"


def test_a_partial_with_very_many_arguments_is_refused() -> None:
    many = [number(1)] * 300
    assert verdict(kept(name("numpy.clip"), *many[:200])) == "pass"
    assert verdict(kept(name("numpy.clip"), *many)) == "fail"


@pytest.mark.timeout(20)
def test_values_that_are_small_where_they_lie_and_endless_otherwise() -> None:
    pairs = b")" + b"q\x00h\x00\x86" * 60
    assert verdict(kept(name("numpy.zeros"), pairs)) != "pass"
    assert verdict(call(ITEMGETTER, pairs)) != "pass"
    deep = b")" + b"\x85" * 5_000
    assert verdict(kept(name("numpy.zeros"), deep)) == "pass"
    one = kept(name("numpy.clip"), *[number(1)] * 200) + b"q\x00"
    again = b"(" + b"h\x00" * 100_000 + b"l"
    assert verdict(b"(" + one + identity(a=again) + b"t") == "pass"


def test_a_list_that_holds_itself_ends() -> None:
    circle = b"]q\x00h\x00a"
    assert verdict(identity(a=circle)) == "pass"
    assert verdict(build(identity(), attributes(a=circle))) == "fail"


def test_a_function_far_inside_is_found() -> None:
    held = PARTIAL
    for _ in range(200):
        held = listed(held)
    assert verdict(identity(a=held)) == "fail"


@pytest.mark.parametrize("protocol", range(6))
def test_what_python_writes_passes(protocol: int) -> None:
    kept_objects = {
        "words": defaultdict(partial(defaultdict, int), {"a": defaultdict(int, b=1)}),
        "lists": defaultdict(partial(defaultdict, list)),
        "unknown": defaultdict(partial(str, "<unk>")),
        "base": partial(int, base=2),
        "best": partial(max, key=attrgetter("score")),
        "order": partial(sorted, key=itemgetter(1)),
        "place": attrgetter("a.b"),
        "cells": itemgetter(1, "os"),
    }
    stream = io.BytesIO()
    pickle.Pickler(stream, protocol).dump(kept_objects)
    body = stream.getvalue()[2 if protocol >= 2 else 0 : -1]
    assert verdict(body, protocol=protocol) == "pass"
