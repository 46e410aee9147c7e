"""Calls in which a few bytes stand for numbers without end, and their ordinary likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths
from tests.vetting.pickle.assemble import (
    NONE,
    build,
    call,
    listed,
    mapped,
    name,
    new,
    number,
    several,
    text,
)

MANY = 10**11
INDEX = "pandas.core.indexes.base"


def numbers(count: int) -> bytes:
    return call(name("builtins.range"), number(count))


def index(**bounds: int) -> bytes:
    state = mapped(*(part for key, at in bounds.items() for part in (text(key), number(at))))
    return call(name(f"{INDEX}._new_Index"), name("pandas.core.indexes.range.RangeIndex"), state)


def index_of(data: bytes) -> bytes:
    state = mapped(text("data"), data, text("name"), NONE)
    return call(name(f"{INDEX}._new_Index"), name(f"{INDEX}.Index"), state)


def rule_ids(body: bytes, folder: Path) -> set[str]:
    path = folder / "model.pkl"
    path.write_bytes(b"\x80\x04" + body + b".")
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    return {seen.rule.id for seen in outcome.observations}


ENDLESS = {
    "an array of a range": call(name("array.array"), text("d"), numbers(MANY)),
    "an array of a range backwards": call(
        name("array.array"),
        text("d"),
        call(name("builtins.range"), number(MANY), number(0), number(-1)),
    ),
    "an array of a range by its class": call(
        name("array.array"),
        text("d"),
        call(name("copyreg.__newobj__"), name("builtins.range"), number(MANY)),
    ),
    "a fraction with an exponent": call(name("fractions.Fraction"), text("1e9000000000")),
    "a fraction with a point": call(name("fractions.Fraction"), text("1.5E99999999")),
    "an index of a range": index_of(numbers(MANY)),
    "an index of a list of ranges": index_of(listed(numbers(MANY))),
    "an index of an index": index_of(index(start=0, stop=MANY, step=1)),
    "an index of an index with two ends": index_of(
        call(
            name(f"{INDEX}._new_Index"),
            name("pandas.core.indexes.range.RangeIndex"),
            mapped(text("stop"), number(MANY), text("stop"), number(1)),
        )
    ),
    "an index of a network": index_of(call(name("ipaddress.IPv6Network"), text("::/0"))),
    "places of a sparse array": call(
        name("pandas._libs.sparse.IntIndex"), number(10), numbers(MANY)
    ),
    "arguments of an exception": build(
        call(name("builtins.ValueError")), mapped(text("args"), numbers(MANY))
    ),
}
ORDINARY = {
    "a range": numbers(MANY),
    "an index over a range": index(start=0, stop=MANY, step=1),
    "an array of numbers": call(name("array.array"), text("d"), listed(number(1), number(2))),
    "an array of a short range": call(name("array.array"), text("d"), numbers(1000)),
    "an index of a short range": index_of(numbers(1000)),
    "fractions": several(
        call(name("fractions.Fraction"), text("-3/4")),
        call(name("fractions.Fraction"), text("12")),
        call(name("fractions.Fraction"), number(3), number(4)),
    ),
    "a network": call(name("ipaddress.IPv4Network"), text("10.0.0.0/8")),
    "blocks of a long frame": call(
        name("pandas.core.internals.managers.BlockManager"),
        several(),
        listed(index(start=0, stop=2, step=1), index(start=0, stop=MANY, step=1)),
    ),
    "blocks of a long series": build(
        new(name("pandas.core.internals.managers.BlockManager")),
        several(listed(index(start=0, stop=MANY, step=1)), listed(), listed()),
    ),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_few_bytes_for_numbers_without_end(case: str, tmp_path: Path) -> None:
    assert rule_ids(ENDLESS[case], tmp_path) == {"SW-PKL-021"}


@pytest.mark.parametrize("case", ORDINARY)
def test_ordinary_ranges_pass(case: str, tmp_path: Path) -> None:
    assert rule_ids(ORDINARY[case], tmp_path) == set()
