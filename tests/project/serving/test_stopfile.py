"""The stop file stops, whatever is written into it, and is only ever lifted as a whole line."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import CannotLook, UsageError
from sealwright.phases.deployment.core import stops as core
from sealwright.project.layout import Layout
from sealwright.project.serving.stopfile import EVERYTHING, lift, read_stops, stop

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def halt(layout: Layout, name: str, reason: str = "odd answers") -> None:
    stop(layout, name, reason=reason, at=NOW)


def test_a_stop_needs_nothing_but_a_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert read_stops(layout).reason("small") is None
    halt(layout, "small")
    assert read_stops(layout).reason("small") == "odd answers"
    assert read_stops(layout).reason("other") is None
    halt(layout, EVERYTHING, "all of it")
    assert read_stops(layout).reason("other") == "all of it"


def test_lifting_one_leaves_the_others(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for name in ("small", "other", "small"):
        halt(layout, name)
    assert lift(layout, "small") == 2
    assert read_stops(layout).reason("small") is None
    assert read_stops(layout).reason("other") == "odd answers"
    assert lift(layout, "small") == 0
    assert lift(layout, "other") == 1
    assert not layout.stop_file.exists()
    assert lift(layout, "other") == 0


@pytest.mark.parametrize(
    "odd",
    [b"", b"\n", b"{", b"[]", b'{"model": 1}', b'{"model": ""}', b"\xff\xfe", b"x" * 300_000],
)
def test_an_odd_file_stops_everything_and_is_lifted_as_everything(
    tmp_path: Path, odd: bytes
) -> None:
    layout = Layout(tmp_path)
    halt(layout, "small")
    layout.stop_file.write_bytes(odd)
    assert read_stops(layout).everything
    if odd.strip():
        with pytest.raises(UsageError, match="cannot be read"):
            lift(layout, "small")
    lift(layout, EVERYTHING)
    assert read_stops(layout).reason("small") is None


def test_a_line_after_one_that_was_cut_short_is_a_line_of_its_own(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.serving.mkdir(parents=True)
    layout.stop_file.write_bytes(b'{"model": "sm')
    halt(layout, "small")
    assert layout.stop_file.read_bytes().count(b"\n") == 2
    assert read_stops(layout).everything


def test_a_stop_that_cannot_be_read_stops_everything(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.stop_file.mkdir(parents=True)
    assert "cannot be read" in (read_stops(layout).everything or "")
    with pytest.raises(CannotLook, match="cannot be written"):
        halt(layout, "small")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        halt(Layout(tmp_path), name)


def test_no_stop_is_lost_while_others_are_lifted(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    names = [f"model-{number}" for number in range(30)]

    def lifting() -> None:
        for _ in range(30):
            halt(layout, "lifted")
            lift(layout, "lifted")

    others = [threading.Thread(target=lifting) for _ in range(2)]
    for thread in others:
        thread.start()
    for name in names:
        halt(layout, name)
    for thread in others:
        thread.join()
    assert set(read_stops(layout).models) == set(names)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60).filter(str.strip), st.text(max_size=700))
def test_what_is_written_is_what_a_gateway_reads(name: str, reason: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        if not name.isprintable():
            with pytest.raises(UsageError):
                halt(layout, name, reason)
            return
        halt(layout, name, reason)
        found = core.read_stops(layout.stop_file.read_bytes())
        told = found.reason(name)
        assert told
        assert told.isprintable()
        assert found.everything is None or name == EVERYTHING
        assert lift(layout, name) == 1
        assert not layout.stop_file.exists()
