"""Arguments and states: what ordinary pickles have passes, what attackers put there does not."""

from __future__ import annotations

import pytest

from sealwright.vetting.pickle.predicates import known
from sealwright.vetting.pickle.signatures import parse
from tests.attacks.pickle_policy import CASES
from tests.vetting.pickle.assemble import (
    EMPTY,
    NONE,
    build,
    call,
    listed,
    mapped,
    met,
    name,
    new,
    number,
    raw,
    several,
    text,
    true,
    verdict,
)

SYSTEM = name("os.system")
DTYPE = name("numpy.dtype")
ARRAY = name("numpy.ndarray")
REBUILD = name("numpy._core.multiarray._reconstruct")
TEMPLATE = """
def _parse_args(self, {a} loc=0, scale=1):
    return ({a}), loc, scale

def _parse_args_rvs(self, {a} loc=0, scale=1, size=None):
    return self._argcheck_rvs({a} loc, scale, size=size)

def _parse_args_stats(self, {a} loc=0, scale=1, moments='mv'):
    return ({a}), loc, scale, moments
"""


def dtype(code: str, *state: bytes) -> bytes:
    made = call(DTYPE, text(code), b"\x89", true())
    return build(made, several(*state)) if state else made


def stated(fields: bytes, *, size: int, flags: int, names: bytes = several(text("a"))) -> bytes:
    return dtype(
        f"V{size}",
        number(3), text("|"), NONE, names, fields, number(size), number(1), number(flags),
    )  # fmt: skip


def array(kind: bytes, data: bytes, *shape: int) -> bytes:
    made = call(REBUILD, ARRAY, several(number(0)), raw(b"b"))
    size = several(*(number(part) for part in shape))
    return build(made, several(number(1), size, kind, b"\x89", data))


INTEGERS = dtype("i8", number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0))
OBJECTS = dtype("O8", number(3), text("|"), NONE, NONE, NONE, number(-1), number(-1), number(63))


class TestArrays:
    def test_arrays_of_numbers_and_of_objects(self) -> None:
        assert met(array(INTEGERS, raw(bytes(8)), 1)) == set()
        assert met(array(OBJECTS, listed(NONE), 1)) == set()
        field = mapped(text("a"), several(INTEGERS, number(0)))
        assert met(array(stated(field, size=8, flags=0), raw(bytes(8)), 1)) == set()
        inside = mapped(text("a"), several(OBJECTS, number(0)))
        assert met(array(stated(inside, size=8, flags=27), listed(several(NONE)), 1)) == set()

    def test_bytes_are_not_taken_for_objects(self) -> None:
        assert met(array(OBJECTS, raw(bytes(8)), 1)) == {"SW-PKL-009"}
        hidden = dtype(
            "O8", number(3), text("|"), NONE, NONE, NONE, number(-1), number(-1), number(0)
        )
        assert "SW-PKL-009" in met(array(hidden, raw(bytes(8)), 1))
        field = mapped(text("a"), several(OBJECTS, number(0)))
        assert "SW-PKL-009" in met(array(stated(field, size=8, flags=0), raw(bytes(8)), 1))

    def test_a_dtype_that_gets_fields_after_its_array(self) -> None:
        late = dtype("V8") + b"q\x05"
        field = mapped(text("a"), several(OBJECTS, number(0)))
        state = several(
            number(3), text("|"), NONE, several(text("a")), field, number(8), number(1), number(27)
        )
        body = array(late, raw(bytes(8)), 1) + b"0h\x05" + state + b"b"
        assert "SW-PKL-009" in met(body)

    def test_fields_lie_within_the_item(self) -> None:
        field = mapped(text("a"), several(INTEGERS, number(4)))
        assert "SW-PKL-009" in met(stated(field, size=8, flags=0))
        negative = mapped(text("a"), several(INTEGERS, number(-8)))
        assert "SW-PKL-009" in met(stated(negative, size=8, flags=0))

    def test_a_dtype_is_one_type_code(self) -> None:
        assert met(call(DTYPE, text("O,f8"), b"\x89", true())) == {"SW-PKL-006"}
        assert met(call(DTYPE, listed(several(text("a"), text("O"))))) == {"SW-PKL-006"}

    def test_two_states_are_refused(self) -> None:
        twice = build(
            INTEGERS,
            several(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)),
        )
        assert met(twice) == {"SW-PKL-009"}

    def test_a_dtype_within_itself_ends(self) -> None:
        field = mapped(text("a"), several(b"h\x07", number(0)))
        state = several(
            number(3), text("|"), NONE, several(text("a")), field, number(8), number(1), number(0)
        )
        assert "SW-PKL-009" in met(dtype("V8") + b"q\x07" + state + b"b")

    def test_an_empty_array_is_rebuilt_and_no_large_one(self) -> None:
        large = call(REBUILD, ARRAY, several(number(1 << 40)), raw(b"b"))
        assert met(large) == {"SW-PKL-006"}
        assert met(call(REBUILD, name("numpy.dtype"), several(number(0)), raw(b"b"))) == {
            "SW-PKL-006"
        }

    def test_buffers_and_scalars(self) -> None:
        buffer = name("numpy._core.numeric._frombuffer")
        shape = several(number(1))
        assert met(call(buffer, raw(bytes(8)), INTEGERS, shape, text("C"))) == set()
        assert met(call(buffer, raw(bytes(8)), OBJECTS, shape, text("C"))) == {"SW-PKL-006"}
        scalar = name("numpy.core.multiarray.scalar")
        assert met(call(scalar, INTEGERS, raw(bytes(8)))) == set()
        assert met(call(scalar, SYSTEM, raw(bytes(8)))) == {"SW-PKL-001", "SW-PKL-006"}


class TestGadgets:
    """Functions and classes of ordinary libraries that execute what they are given."""

    @pytest.mark.parametrize("names", ["", "a, ", "a, b, _c1, "])
    def test_distributions_of_scipy(self, names: str) -> None:
        norm = new(name("scipy.stats._continuous_distns.norm_gen"))
        good = text(TEMPLATE.format(a=names))
        assert met(build(norm, mapped(text("_parse_arg_template"), good))) == set()

    @pytest.mark.parametrize(
        "program",
        [
            "import os\nos.system('echo hello')",
            TEMPLATE.format(a="") + "import os\n",
            TEMPLATE.format(a="a=print(1), "),
            TEMPLATE.format(a="").replace("loc=0", "loc=print(1)"),
        ],
    )
    def test_distributions_of_scipy_with_a_program(self, program: str) -> None:
        norm = new(name("scipy.stats._continuous_distns.norm_gen"))
        key = text("_parse_arg_template")
        assert met(build(norm, mapped(key, text(program)))) == {"SW-PKL-009"}
        good = text(TEMPLATE.format(a=""))
        assert met(build(norm, mapped(key, text(program), key, good))) == {"SW-PKL-009"}
        made = call(name("builtins.str"), key)
        assert met(build(norm, mapped(made, text(program)))) == {"SW-PKL-009"}
        pair = mapped(key, NONE, text(program), NONE)
        assert met(build(norm, several(pair, NONE))) == {"SW-PKL-009"}
        ordered = call(name("collections.OrderedDict"), listed(several(key, text(program))))
        assert met(build(norm, ordered)) == {"SW-PKL-009"}

    @pytest.mark.parametrize(
        "body",
        [
            call(name("numpy.core._ufunc_reconstruct"), text("os"), text("system")),
            call(name("pandas.core.indexes.base._new_Index"), SYSTEM, EMPTY),
            call(
                name("pandas.core.indexes.base._new_Index"),
                name("pandas.core.series.Series"),
                EMPTY,
            ),
            call(name("collections.defaultdict"), SYSTEM),
            call(name("functools.partial"), name("builtins.getattr")),
            call(name("functools.partial"), SYSTEM, text("echo hello")),
            call(name("functools.partial"), name("numpy.memmap"), text("/tmp/x")),
            call(name("builtins.getattr"), name("builtins.str"), text("__class__")),
            call(name("builtins.getattr"), name("numpy.ndarray"), text("tofile")),
            call(name("builtins.type"), text("T"), several(), EMPTY),
            call(name("operator.attrgetter"), text("__class__.__init__.__globals__")),
            call(name("operator.methodcaller"), text("system"), text("echo hello")),
            call(name("functools.reduce"), SYSTEM, listed(text("echo hello"))),
            call(name("_operator.getitem"), name("os.environ"), text("HOME")),
            call(name("builtins.bytearray"), number(1 << 40)),
            call(name("builtins.iter"), name("builtins.input"), text("x")),
            call(name("_codecs.encode"), text("x"), text("zlib")),
            call(name("re._compile"), text("a" * 200_000), number(0)),
            call(name("dill._dill._load_type"), text("CodeType")),
            call(name("dill._dill._create_array"), SYSTEM, several(text("x")), NONE),
            call(name("zoneinfo.ZoneInfo"), text("../../etc/passwd")),
            call(name("numpy.random._pickle.__bit_generator_ctor"), name("subprocess.Popen")),
            call(name("sklearn.neighbors._kd_tree.newObj"), name("pandas.DataFrame")),
            call(name("numpy.ma.core._mareconstruct"), ARRAY, ARRAY, several(), text("b")),
        ],
    )
    def test_what_is_allowed_in_one_way_fails_in_others(self, body: bytes) -> None:
        assert verdict(body) == "fail"

    def test_a_partial_gets_no_other_function_by_its_state(self) -> None:
        good = call(name("functools.partial"), name("numpy.clip"))
        assert met(build(good, several(name("numpy.clip"), several(), EMPTY, NONE))) == set()
        swapped = build(good, several(name("pandas.DataFrame.to_csv"), several(), EMPTY, NONE))
        assert verdict(swapped) == "fail"

    def test_methods_that_ordinary_models_keep(self) -> None:
        get = name("builtins.getattr")
        assert met(call(get, name("builtins.str"), text("lower"))) == set()
        assert met(call(get, text(" "), text("join"))) == set()
        pattern = call(name("re._compile"), text("a+"), number(0))
        assert met(call(get, pattern, text("findall"))) == set()
        unpickle = call(get, name("zoneinfo.ZoneInfo"), text("_unpickle"))
        assert met(call(unpickle, text("Europe/Berlin"), true())) == set()
        assert met(call(unpickle, SYSTEM)) == {"SW-PKL-001", "SW-PKL-006"}
        assert verdict(call(call(get, text("x"), text("join")), listed())) == "fail"

    def test_cython_takes_no_state_as_an_argument(self) -> None:
        rebuild = name("pandas._libs.arrays.__pyx_unpickle_NDArrayBacked")
        cls = name("pandas.core.arrays.categorical.Categorical")
        assert met(call(rebuild, cls, number(1), NONE)) == set()
        assert met(call(rebuild, cls, number(1), several(EMPTY))) == {"SW-PKL-006"}


@pytest.mark.parametrize("case", sorted(CASES))
def test_attacks_by_the_names_of_ordinary_libraries_fail(case: str) -> None:
    assert verdict(CASES[case]()) == "fail"


class TestSignatures:
    @pytest.mark.parametrize(
        "wrong",
        ["", "(", "(int", "(nothing)", "(int?, str)", "(any*, int)", "(class:numpy)", "(**, int)"],
    )
    def test_what_is_no_signature(self, wrong: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            parse(wrong)
        assert known(wrong)

    def test_what_a_pack_may_say(self) -> None:
        assert known("(int, str?); new(any*, **)") == ""
        assert known("enum") == ""
        assert known("dict", state=True) == ""
        assert known("dict") == "no predicate is named 'dict'"
