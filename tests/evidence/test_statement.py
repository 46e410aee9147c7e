from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError, SealwrightError
from sealwright.evidence import canonical
from sealwright.evidence.predicates import PREDICATES, SHORT_NAMES
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import (
    Statement,
    decode_statement,
    encode_statement,
    predicate_time,
    subject,
)

RELEASE = Statement(
    (subject("m", "ab" * 32),), Release(action="admit", reason="", at="2026-01-01T00:00:00Z")
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIME = st.just("2026-01-01T00:00:00Z")
NUMBER = st.floats(-1e9, 1e9).map(float)


def build(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any record of this type: each field drawn by its declared type."""
    fields = {
        field.name: TIME if field.name in ("at", "finished_on") else draw(field.type)
        for field in msgspec.inspect.type_info(cls).fields  # type: ignore[attr-defined]
    }
    return st.builds(cls, **fields)


def draw(kind: Any) -> st.SearchStrategy[Any]:
    info = msgspec.inspect
    simple: dict[type, st.SearchStrategy[Any]] = {
        info.StrType: TEXT,
        info.IntType: st.integers(0, 2**40),
        info.FloatType: NUMBER,
        info.BoolType: st.booleans(),
        info.NoneType: st.none(),
        info.AnyType: TEXT,
    }
    if type(kind) in simple:
        return simple[type(kind)]
    if isinstance(kind, info.LiteralType):
        return st.sampled_from(kind.values)
    if isinstance(kind, info.StructType):
        return build(kind.cls)
    if isinstance(kind, info.VarTupleType):
        return st.lists(draw(kind.item_type), max_size=2).map(tuple)
    if isinstance(kind, info.DictType):
        return st.dictionaries(TEXT, draw(kind.value_type), max_size=2)
    if isinstance(kind, info.UnionType):
        return st.one_of([draw(item) for item in kind.types])
    raise AssertionError(f"no strategy for {kind}")


@pytest.mark.parametrize("name", list(PREDICATES))
def test_every_predicate_survives_the_trip(name: str) -> None:
    cls = PREDICATES[name]

    @given(build(cls))
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    def trip(predicate: Any) -> None:
        if isinstance(getattr(predicate, "metadata", None), dict):
            predicate.metadata.pop("timestamp", None)
        if name == "vulns":
            predicate = msgspec.structs.replace(
                predicate,
                metadata=msgspec.structs.replace(
                    predicate.metadata, scan_finished_on="2026-01-01T00:00:00Z"
                ),
            )
        statement = Statement((subject("a", "cd" * 32),), predicate)
        data = encode_statement(statement)
        assert decode_statement(data) == statement
        assert statement.kind == name

    trip()


def test_short_names_and_types_are_one_to_one() -> None:
    assert len(SHORT_NAMES) == len(PREDICATES)
    assert all(uri.startswith(("urn:sealwright:predicate:", "https://")) for uri in SHORT_NAMES)


def change(**fields: Any) -> bytes:
    value = canonical.decode(encode_statement(RELEASE))
    value.update(fields)
    return canonical.encode(value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "Statement v1"),
        ({"predicateType": "urn:sealwright:predicate:admin:v1"}, "unknown predicate"),
        ({"predicateType": 1}, "unknown predicate"),
        ({"subject": []}, "subjects"),
        ({"subject": [{"name": "x", "digest": {}}]}, "sha256"),
        ({"subject": [{"name": "x", "digest": {"sha256": "AB" * 32}}]}, "sha256"),
        ({"subject": [{"name": "x", "digest": {"sha256": "ab" * 32}, "uri": "y"}]}, "malformed"),
        ({"predicate": {}}, "malformed"),
        ({"predicate": {"action": "admit", "reason": "", "at": "yesterday"}}, "time"),
        ({"predicate": {"action": "own", "reason": "", "at": "2026-01-01T00:00:00Z"}}, "malformed"),
        ({"extra": 1}, "fields"),
    ],
)
def test_what_is_no_statement(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedError, match=said):
        decode_statement(change(**fields))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(SealwrightError):
        decode_statement(data)


def test_a_statement_without_subject_is_not_signed() -> None:
    with pytest.raises(MalformedError):
        encode_statement(Statement((), RELEASE.predicate))


def test_times() -> None:
    assert predicate_time(RELEASE.predicate) == "2026-01-01T00:00:00Z"
