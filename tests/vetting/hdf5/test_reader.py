from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import SIGNATURE, Source, encoded_size
from sealwright.vetting.hdf5.superblock import place
from sealwright.vetting.hdf5.walk import Dataset, Item, Outside, Value, walk
from sealwright.vetting.session import Spent

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"
ATTACKS = Path(__file__).parents[2] / "attacks" / "keras_tf" / "files"
STEPS = 200_000


def items(data: bytes) -> tuple[list[Item], Source]:
    """Everything in a file, within a budget of steps."""
    spent = 0
    sources: list[Source] = []

    def spend(steps: int) -> None:
        nonlocal spent
        spent += steps
        if spent > STEPS:
            raise Spent("more steps than the test allows")

    found = list(walk(data, spend=spend, opened=sources.append))
    return found, sources[0]


def texts(found: list[Item]) -> Iterator[tuple[str, bytes]]:
    for item in found:
        if isinstance(item, Value) and item.held.kind == "text":
            yield item.path, item.held.data


@pytest.mark.parametrize("version", ["earliest", "v108", "latest"])
def test_the_same_content_is_found_in_every_version_of_the_format(version: str) -> None:
    found, source = items((BENIGN / f"structures_{version}.h5").read_bytes())
    held = dict(texts(found))
    assert held["/@bytes"] == b"fixed"
    assert held["/words"] in (b"hello", b"world")
    assert {held[f"/many/sub{n:03d}@n"] for n in range(40)} == {str(n).encode() for n in range(40)}
    assert {held[f"/dense@a{n}"] for n in range(20)} == {f"value {n}".encode() for n in range(20)}
    assert [value for path, value in texts(found) if path == "/rows"] == [b"aa"]
    sets = {item.path: item for item in found if isinstance(item, Dataset)}
    assert sets["/contiguous"].numbers == 800
    assert [step.id for step in sets["/chunked"].filters] == [2, 1]
    assert not source.gaps


def test_a_user_block_moves_every_address() -> None:
    data = (BENIGN / "structures_latest.h5").read_bytes()
    assert place(data) == 1024
    assert items(data)[1].base == 1024


def test_links_out_of_the_file_are_told_apart() -> None:
    found, _ = items((ATTACKS / "external_link.h5").read_bytes())
    (link,) = [item.link for item in found if isinstance(item, Outside)]
    assert (link.kind, link.target) == ("external", "/srv/other.h5:/layers")


def test_a_large_attribute_is_found_in_dense_storage() -> None:
    found, _ = items((ATTACKS / "huge_attribute.h5").read_bytes())
    assert max(len(value) for _, value in texts(found)) > 70_000


def test_the_first_superblock_counts_wherever_the_library_looks() -> None:
    assert place(b"") is None
    assert place(SIGNATURE) == 0
    assert place(bytes(512) + SIGNATURE) == 512
    assert place(bytes(4096) + SIGNATURE) == 4096
    assert place(bytes(1536) + SIGNATURE) is None


@pytest.mark.parametrize(("limit", "size"), [(0, 1), (255, 1), (256, 2), (65535, 2), (65536, 3)])
def test_numbers_take_as_many_bytes_as_the_library_gives_them(limit: int, size: int) -> None:
    assert encoded_size(limit) == size


@pytest.mark.parametrize("name", ["structures_earliest.h5", "structures_latest.h5"])
def test_a_file_that_is_cut_off_is_malformed(name: str) -> None:
    data = (BENIGN / name).read_bytes()
    for size in range(1100, len(data), len(data) // 40):
        try:
            found, _ = items(data[:size])
        except MalformedError:
            continue
        assert not any(path == "/many/sub039@n" and not value for path, value in texts(found))


FILES = [
    (BENIGN / "structures_earliest.h5").read_bytes(),
    (BENIGN / "structures_latest.h5").read_bytes(),
    (ATTACKS / "dense_attribute.h5").read_bytes(),
    (ATTACKS / "chunked_text.h5").read_bytes(),
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.sampled_from(FILES),
    changes=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)),
        min_size=1,
        max_size=6,
    ),
)
def test_a_changed_file_ends_in_a_declared_way(
    data: bytes, changes: list[tuple[int, bytes]]
) -> None:
    held = bytearray(data)
    for position, piece in changes:
        at = position % len(held)
        held[at : at + len(piece)] = piece[: len(held) - at]
    try:
        found, source = items(bytes(held))
    except (MalformedError, Spent):
        return
    assert source.parsed >= 0
    assert all(item.path is not None for item in found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([0, 1, 2, 3]))
def test_random_bytes_behind_a_superblock_end_in_a_declared_way(tail: bytes, version: int) -> None:
    try:
        found, _ = items(SIGNATURE + bytes((version,)) + tail)
    except (MalformedError, Spent):
        return
    assert isinstance(found, list)
