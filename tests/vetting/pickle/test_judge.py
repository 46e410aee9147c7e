"""What the judge says of streams: names, calls, states, changes, keys."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle import rules
from sealwright.vetting.pickle.judge import judge
from sealwright.vetting.pickle.labels import labels
from sealwright.vetting.pickle.trace import Asked, Called, Reached, Trace
from sealwright.vetting.pickle.values import (
    Buffered,
    Computed,
    Const,
    Global,
    List,
    Made,
    Persistent,
    Tuple,
)
from tests.vetting.examine import session
from tests.vetting.pickle.assemble import (
    EMPTY,
    NONE,
    build,
    call,
    judged,
    listed,
    mapped,
    met,
    name,
    new,
    number,
    put,
    raw,
    several,
    text,
    true,
    verdict,
)
from tests.vetting.pickle.streams import REAL

SYSTEM = name("os.system")
LEAF = name("sklearn.linear_model._base.LinearRegression")
THING = name("__main__.Thing")
ESTIMATOR = new(LEAF)


def of_trace(trace: Trace) -> set[str]:
    work = Examining(Member(path="file", data=b""), session(policy=builtin_policy()))
    judge(trace, work)
    return {seen.rule.id for seen in work.observations}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", REAL[1:])
def test_data_types_of_the_standard_library_pass(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    work = Examining(Member(path="file", data=data), session(policy=builtin_policy()))
    from sealwright.vetting.pickle.machine import run

    judge(run(data, session=work.session), work)
    assert work.observations == []


@pytest.mark.parametrize("label", sorted(labels()))
def test_every_labelled_name_fails_where_it_is_called(label: str) -> None:
    dotted = label.replace(".*", ".anything")
    if "." not in dotted:
        dotted += ".anything"
    found = met(call(name(dotted), text("echo hello")))
    assert found & {"SW-PKL-001", "SW-PKL-006", "SW-PKL-016"}, dotted


class TestNames:
    def test_a_dangerous_name_fails_even_if_it_is_only_looked_up(self) -> None:
        (seen,) = judged(SYSTEM).observations
        assert seen.rule is rules.DANGEROUS
        assert "CWE-78" in seen.finding.message
        assert seen.finding.offset == 2

    def test_a_class_of_the_author_asks_for_a_review(self) -> None:
        assert met(build(new(THING), EMPTY)) == {"SW-PKL-003"}
        assert verdict(THING) == "review"

    def test_a_function_of_the_author_fails_where_it_is_called(self) -> None:
        assert met(call(THING, number(1))) == {"SW-PKL-002"}

    def test_the_standard_library_is_reviewed_whole(self) -> None:
        assert met(name("functools.lru_cache")) == {"SW-PKL-020"}

    @pytest.mark.parametrize(
        "path",
        [
            ("sklearn.utils", "os.system"),
            ("numpy", "core._internal.os.system"),
            ("joblib", "numpy_pickle.subprocess.Popen"),
            ("collections", "OrderedDict.__init__.__globals__"),
        ],
    )
    def test_dotted_names_reach_nothing(self, path: tuple[str, str]) -> None:
        short = [b"\x8c" + bytes([len(part)]) + part.encode() for part in path]
        body = b"".join(short) + b"\x93"
        assert verdict(call(body, text("x"))) == "fail"

    def test_the_end_of_a_dotted_name_is_labelled(self) -> None:
        label = builtin_policy().label("sklearn.utils", "os.system")
        assert label is not None
        assert label.name == "os.*"
        assert builtin_policy().label("mylib.code", "Thing") is None

    def test_code_by_value_is_reviewed_and_fails_where_it_is_called(self) -> None:
        maker = name("cloudpickle.cloudpickle._make_function")
        assert met(maker) == {"SW-PKL-015"}
        assert met(call(maker, NONE)) == {"SW-PKL-016"}

    def test_a_computed_name_and_an_extension_fail(self) -> None:
        events = [
            Reached(Computed("STACK_GLOBAL on made strings"), 3),
            Reached(Computed("extension code 7"), 9),
        ]
        trace = Trace(start=0, end=10, events=list(events))
        assert of_trace(trace) == {"SW-PKL-004", "SW-PKL-005"}

    def test_a_name_is_said_once(self) -> None:
        assert len(judged(SYSTEM + b"0" + SYSTEM + b"0" + SYSTEM).observations) == 1


class TestCalls:
    def test_a_constant_may_stand_and_not_be_called(self) -> None:
        mean = name("numpy.mean")
        assert met(mean) == set()
        assert met(call(mean, number(1))) == {"SW-PKL-008"}

    def test_a_made_value_may_not_be_called(self) -> None:
        getter = call(name("operator.itemgetter"), number(0))
        assert met(call(getter, listed())) == {"SW-PKL-007"}

    def test_a_function_that_rebuilds_may_not_be_kept(self) -> None:
        rebuild = name("numpy._core.multiarray._reconstruct")
        assert "SW-PKL-017" in met(listed(rebuild))
        assert "SW-PKL-017" in met(mapped(text("a"), rebuild))
        assert "SW-PKL-017" in met(build(ESTIMATOR, mapped(text("a"), several(rebuild))))

    def test_a_mapped_array_is_rebuilt_and_its_class_not_kept(self) -> None:
        memmap = name("numpy.memmap")
        rebuild = name("numpy._core.multiarray._reconstruct")
        assert met(call(rebuild, memmap, several(number(0)), raw(b"b"))) == set()
        assert "SW-PKL-017" in met(build(ESTIMATOR, mapped(text("func"), memmap)))

    def test_arguments_that_are_no_tuple_fail(self) -> None:
        function = Global("collections", "OrderedDict")
        made = Made(function, List(), None, "REDUCE", 5)
        assert of_trace(Trace(start=0, end=9, events=[Called(made, 5)])) == {"SW-PKL-006"}

    def test_an_estimator_is_built_and_not_called(self) -> None:
        assert met(ESTIMATOR) == set()
        assert met(call(LEAF, number(1))) == {"SW-PKL-006"}
        assert met(new(LEAF, number(1))) == {"SW-PKL-006"}

    def test_helpers_of_copyreg_build_only_what_is_allowed(self) -> None:
        helper = name("copyreg._reconstructor")
        plain = name("builtins.object")
        assert met(call(helper, LEAF, plain, NONE)) == set()
        assert met(call(helper, THING, plain, NONE)) == {"SW-PKL-003"}
        assert met(call(helper, SYSTEM, plain, NONE)) == {"SW-PKL-001"}
        assert "SW-PKL-006" in met(call(helper, LEAF, LEAF, NONE))
        assert "SW-PKL-006" in met(call(helper, LEAF, name("builtins.dict"), ESTIMATOR))
        assert met(call(name("copyreg.__newobj__"), LEAF)) == set()


class TestStates:
    def test_attributes_are_data(self) -> None:
        assert met(build(ESTIMATOR, mapped(text("coef_"), listed(number(1))))) == set()

    @pytest.mark.parametrize("attribute", ["__setstate__", "__class__", "__reduce__", "__call__"])
    def test_attributes_that_python_calls_are_refused(self, attribute: str) -> None:
        assert met(build(ESTIMATOR, mapped(text(attribute), NONE))) == {"SW-PKL-009"}
        assert met(build(ESTIMATOR, listed(several(text(attribute), NONE)))) == {"SW-PKL-009"}
        slots = several(NONE, mapped(text(attribute), NONE))
        assert met(build(new(name("scipy.stats._stats_py.TtestResult")), slots)) == {"SW-PKL-009"}

    def test_an_attribute_named_by_a_call_is_refused(self) -> None:
        made = call(name("builtins.str"), text("__setstate__"))
        assert met(build(ESTIMATOR, mapped(made, NONE))) == {"SW-PKL-009"}

    def test_a_name_itself_takes_no_state(self) -> None:
        assert met(build(name("numpy.ndarray"), mapped(text("sum"), NONE))) == {"SW-PKL-010"}
        assert met(put(name("builtins.dict"), text("a"), NONE)) == {"SW-PKL-010"}

    def test_plain_values_take_no_state(self) -> None:
        assert "SW-PKL-009" in met(build(listed(), EMPTY))

    def test_a_class_without_state_takes_none(self) -> None:
        date = call(name("datetime.date"), raw(b"\x07\xe4\x01\x01"))
        assert met(build(date, EMPTY)) == {"SW-PKL-009"}


class TestChanges:
    def test_containers_take_items(self) -> None:
        ordered = call(name("collections.OrderedDict"))
        assert met(put(ordered, text("a"), number(1))) == set()
        assert met(call(name("collections.deque")) + number(1) + b"a") == set()

    def test_other_objects_do_not(self) -> None:
        assert met(put(ESTIMATOR, text("a"), number(1))) == {"SW-PKL-011"}
        assert met(ESTIMATOR + number(1) + b"a") == {"SW-PKL-011"}

    def test_an_item_that_would_be_an_attribute_is_refused(self) -> None:
        bunch = new(name("sklearn.utils._bunch.Bunch"))
        assert met(put(bunch, text("data"), number(1))) == set()
        assert met(put(bunch, text("__setstate__"), LEAF)) == {"SW-PKL-011"}
        made = call(name("builtins.str"), text("__setstate__"))
        assert met(put(bunch, made, LEAF)) == {"SW-PKL-011"}


class TestKeys:
    def test_dates_and_tuples_are_keys(self) -> None:
        date = call(name("datetime.date"), raw(b"\x07\xe4\x01\x01"))
        assert met(mapped(several(date, text("a")), number(1))) == set()

    def test_an_object_with_a_hash_of_its_own_asks_for_a_review(self) -> None:
        frame = new(name("pandas.DataFrame"))
        assert met(mapped(frame, number(1))) == {"SW-PKL-018"}
        assert met(mapped(several(several(frame)), number(1))) == {"SW-PKL-018"}
        assert met(call(name("builtins.set"), listed(frame))) == {"SW-PKL-018"}
        assert met(put(call(name("collections.OrderedDict")), frame, NONE)) == {"SW-PKL-018"}

    def test_a_key_of_exponential_cost_fails(self) -> None:
        doubled = b")" + b"q\x00h\x00\x86" * 40
        assert "SW-PKL-021" in met(mapped(doubled, NONE))
        assert "SW-PKL-021" not in met(listed(doubled))
        assert "SW-PKL-021" not in met(mapped(b")" + b"q\x00h\x00\x86" * 10, NONE))


def laughs(levels: int, *, fan: int = 5, close: bytes = b"l") -> bytes:
    """Containers that hold the one before several times."""
    steps = (b"0(" + (b"h" + bytes([level])) * fan + close + b"\x94" for level in range(levels))
    return b"]\x94" + b"".join(steps)


class TestAmplification:
    @pytest.mark.parametrize("close", [b"l", b"t"], ids=["lists", "tuples"])
    def test_a_value_without_end_asks_for_a_review(self, close: bytes) -> None:
        assert met(laughs(20, close=close)) == {"SW-PKL-022"}
        assert met(laughs(10, close=close)) == set()

    def test_it_is_seen_wherever_it_is_kept(self) -> None:
        model = new(name("sklearn.linear_model._base.LinearRegression"))
        assert met(build(model, mapped(text("a"), laughs(20)))) == {"SW-PKL-022"}

    def test_circles_and_shared_parts_are_ordinary(self) -> None:
        assert met(b"]\x94" + b"h\x00a" * 100) == set()
        assert met(b"(]\x94" + b"h\x00" * 10_000 + b"l") == set()

    @pytest.mark.parametrize("number", [b"r\xff\xff\xff\xff", b"p4000000000\n"])
    def test_a_memo_far_longer_than_the_stream_fails(self, number: bytes) -> None:
        """C's unpickler would make an array of 64 GiB."""
        assert met(b"]" + number) == {"SW-PKL-021"}
        assert met(b"]r\x00\x00\x0f\x00") == set()


class TestTheRest:
    def test_a_persistent_id_belongs_to_a_format(self) -> None:
        trace = Trace(start=0, end=3, events=[Asked(Persistent(Const("x")), 1)])
        assert of_trace(trace) == {"SW-PKL-012"}
        work = Examining(Member(path="file", data=b""), session(policy=builtin_policy()))
        judge(trace, work, persistent=lambda asked, facts: "")
        assert work.observations == []
        judge(trace, work, persistent=lambda asked, facts: "is no storage")
        assert work.observations[0].finding.message == "is no storage"

    def test_a_buffer_from_outside_asks_for_a_review(self) -> None:
        assert of_trace(Trace(start=0, end=3, result=List([Buffered(1)]))) == {"SW-PKL-019"}

    def test_a_broken_stream_fails_and_keeps_what_was_seen(self) -> None:
        work = Examining(
            Member(path="file", data=b"cos\nsystem\n(S'x'\ntRX"), session(policy=builtin_policy())
        )
        from sealwright.vetting.pickle.machine import run

        judge(run(work.data, session=work.session), work)
        found = {seen.rule.id: seen.finding.message for seen in work.observations}
        assert set(found) == {"SW-PKL-001", "SW-PKL-013"}
        assert "has run by then" in found["SW-PKL-013"]

    def test_an_odd_form_warns(self) -> None:
        trace = Trace(start=0, end=3, oddities=[(1, "PROTO in the middle")])
        assert of_trace(trace) == {"SW-PKL-014"}

    def test_inner_pickles_are_judged_too(self) -> None:
        made = Made(Global("os", "system"), Tuple(()), None, "REDUCE", 5)
        inner = Trace(start=4, end=9, events=[Reached(Global("os", "system"), 4), Called(made, 5)])
        assert of_trace(Trace(start=0, end=9, inner=[inner])) == {"SW-PKL-001"}

    def test_values_that_hold_themselves_end(self) -> None:
        loop = List()
        loop.items.append(Tuple((loop,)))
        assert of_trace(Trace(start=0, end=9, result=loop)) == set()

    def test_deep_and_shared_values_cost_their_number(self) -> None:
        deep = List()
        for _ in range(200_000):
            deep = List([deep, deep])
        assert of_trace(Trace(start=0, end=9, result=deep)) == {"SW-PKL-022"}

    def test_every_rule_has_a_page(self) -> None:
        assert len({rule.id for rule in rules.RULES}) == len(rules.RULES)
        for rule in rules.RULES:
            assert rule.why
            assert rule.example
            assert rule.atlas


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_files_that_were_changed_are_judged(data: st.DataObject) -> None:
    """A changed byte of a real file leads to a verdict, whichever it is."""
    files = sorted(Path("tests/benign/pickles").glob("*.pkl"))
    body = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    from sealwright.vetting.pickle.machine import run

    work = Examining(Member(path="file", data=bytes(body)), session(policy=builtin_policy()))
    judge(run(bytes(body), session=work.session), work)
    assert all(seen.rule in rules.RULES for seen in work.observations)


def test_allowed_calls_take_keyword_arguments_only_where_it_is_said() -> None:
    data = several(true())
    assert "SW-PKL-006" in met(LEAF + data + mapped(text("a"), NONE) + b"\x92")
