import csv
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import (
    CannotLook,
    InputMissing,
    LimitReached,
    SealwrightError,
    TamperError,
    Unsupported,
)
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import ColumnRule
from sealwright.phases.data import staging
from sealwright.phases.data.engine import Limits
from sealwright.phases.data.reading import ROW, UNPARSED, Source
from tests.data.support import declare, opened, source, write_csv


def records(folder_or_file: Path, **columns: ColumnRule) -> list[dict[str, object]]:
    with opened(data=source(folder_or_file, columns=columns)) as tables:
        collected = tables.engine.collect(tables["data"].table.order_by(ROW))
        rows: list[dict[str, object]] = collected.to_pylist()
        return rows


def test_the_declaration_decides_the_types(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(
        b"i,n,s,b,d,t,u\n"
        b"007,1e3,007,true,2026-02-28,2026-02-28T12:00:00+02:00,1\n"
        b"1.0,0x1,,1,2026-02-30,2026-02-28,2\n"
        b" 1,1e999,nan,yes,28.02.2026,12:00,x\n"
        b"99999999999999999999,nan,NULL,FALSE,,,\n"
    )
    kinds = {"i": "integer", "n": "number", "s": "string", "b": "boolean", "d": "date"}
    rules = {name: ColumnRule(type=kind) for name, kind in kinds.items()}  # type: ignore[arg-type]
    rows = records(path, **rules, t=ColumnRule(type="timestamp"))
    assert [row["i"] for row in rows] == [7, None, None, None]
    assert [str(row["n"]) for row in rows] == ["1000.0", "None", "None", "nan"]
    assert [row["s"] for row in rows] == ["007", None, "nan", "NULL"]
    assert [row["b"] for row in rows] == [True, None, None, False]
    assert [str(row["d"]) for row in rows] == ["2026-02-28", "None", "None", "None"]
    assert [str(row["t"]) for row in rows] == ["2026-02-28 10:00:00", "None", "None", "None"]
    assert [row["u"] for row in rows] == ["1", "2", "x", None]
    assert [row[UNPARSED] for row in rows] == [
        [],
        ["i", "n", "b", "d", "t"],
        ["i", "n", "b", "d", "t"],
        ["i"],
    ]


def test_rows_are_numbered_through_all_files_in_path_order(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write_csv(folder / "b.csv", ["x"], [["3"], ["4"]])
    write_csv(folder / "a.csv", ["x"], [["1"], ["2"]])
    assert [(row[ROW], row["x"]) for row in records(folder)] == [
        (1, "1"), (2, "2"), (3, "3"), (4, "4"),
    ]  # fmt: skip
    parquet = tmp_path / "parquet"
    parquet.mkdir()
    pq.write_table(pa.table({"x": [3]}), parquet / "b.parquet")
    pq.write_table(pa.table({"x": [1, 2]}), parquet / "a.parquet")
    assert [(row[ROW], row["x"]) for row in records(parquet)] == [(1, 1), (2, 2), (3, 3)]


def test_a_file_changed_between_hash_and_open_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    known = Source(declaration=declare(), artifact=identify(path))
    path.write_bytes(b"x\n2\n")  # as long as before
    with pytest.raises(TamperError, match=r"data\.csv"), opened(data=known):
        pass
    path.write_bytes(b"x\n1\n3\n")
    with pytest.raises(TamperError, match=r"data\.csv"), opened(data=known):
        pass


def test_a_file_changed_after_opening_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    with opened(data=source(path)) as tables:
        pq.write_table(pa.table({"x": [666]}), path)
        assert tables.engine.collect(tables["data"].table)["x"].to_pylist() == [1]


def test_staged_bytes_are_sealed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    (entry,) = identify(path).files
    staged = staging.stage(path, expected=entry, max_bytes=1000)
    try:
        with pytest.raises(PermissionError):
            os.pwrite(staged.descriptor, b"y", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(staged.descriptor, 0)
    finally:
        staged.close()


def test_without_sealed_memory_a_private_copy_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "has_sealed_memory", lambda: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"], ["2"]])
    with opened(data=source(path)) as tables:
        (copy,) = (tmp_path / "tmp").rglob("bytes")
        assert copy.stat().st_mode & 0o777 == 0o400
        assert copy.parent.stat().st_mode & 0o777 == 0o700
        write_csv(path, ["x"], [["666"]])
        assert tables["data"].rows == 2
    assert not list((tmp_path / "tmp").iterdir())


def test_a_manifest_that_is_not_its_digest_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    known = identify(path)
    forged = type(known)(digest="0" * 64, files=known.files, root=known.root)
    with (
        pytest.raises(TamperError),
        opened(data=Source(declaration=declare(), artifact=forged)),
    ):
        pass


def test_the_engine_reaches_nothing_else(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    other = write_csv(tmp_path / "other.csv", ["x"], [["secret"]])
    with opened(data=source(path)) as tables:
        for query in (
            f"SELECT * FROM read_csv('{other}')",
            f"SELECT * FROM read_text('{other}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'new.db'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/etc/passwd']",
            "SET threads = 1",
        ):
            with pytest.raises(CannotLook) as caught:
                tables.engine.run(query)
            assert "secret" not in caught.value.message
    assert sorted(item.name for item in tmp_path.iterdir()) == ["data.csv", "other.csv"]


def test_engine_errors_quote_no_data(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["top secret"]])
    with opened(data=source(path)) as tables, pytest.raises(CannotLook) as caught:
        tables.engine.run("SELECT CAST(x AS INTEGER) FROM t0")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_unsuitable_files_are_refused(tmp_path: Path) -> None:
    def refused(folder: Path, expected: type[SealwrightError]) -> None:
        with pytest.raises(expected), opened(data=source(folder)):
            pass

    for name, content in [
        ("notes.txt", b"x\n1\n"),
        ("really.csv", b"PAR1x"),
        ("really.parquet", b"x\n1\n"),
    ]:
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, Unsupported)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 40 + b"PAR1")
    refused(tmp_path / "broken.parquet", CannotLook)
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", InputMissing)
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    write_csv(mixed / "a.csv", ["x"], [["1"]])
    pq.write_table(pa.table({"x": [1]}), mixed / "b.parquet")
    refused(mixed, Unsupported)
    for suffix in ("csv", "parquet"):
        folder = tmp_path / f"differ-{suffix}"
        folder.mkdir()
        for name, column in (("a", "x"), ("b", "y")):
            if suffix == "csv":
                write_csv(folder / f"{name}.csv", [column], [["1"]])
            else:
                pq.write_table(pa.table({column: [1]}), folder / f"{name}.parquet")
        refused(folder, CannotLook)


def test_limits_are_errors(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x", "y"], [["1", "2"]] * 20)
    parquet = tmp_path / "data.parquet"
    pq.write_table(pa.table({"x": list(range(20)), "y": [1] * 20}), parquet)
    for limits in (Limits(file_bytes=10), Limits(rows=19), Limits(columns=1)):
        for item in (path, parquet):
            with pytest.raises(LimitReached), opened(limits, data=source(item)):
                pass
    unpacked = Limits(uncompressed_bytes=10)
    with pytest.raises(LimitReached), opened(unpacked, data=source(parquet)):
        pass


def test_a_query_that_takes_too_long_is_an_error(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    with opened(Limits(seconds=0.5), data=source(path)) as tables, pytest.raises(LimitReached):
        tables.engine.run("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")


def test_arrays_are_a_numpy_view(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["n", "s"], [["1.5", "a"], ["", "b"]])
    rules = {"n": ColumnRule(type="number"), "s": ColumnRule(type="string")}
    with opened(data=source(path, columns=rules)) as tables:
        arrays = tables.engine.arrays(tables["data"].table.order_by(ROW), ["n", "s"])
    assert str(arrays["n"].dtype) == "float64"
    assert arrays["n"][0] == 1.5
    assert arrays["n"][1] != arrays["n"][1]
    assert arrays["s"].tolist() == ["a", "b"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.lists(
        st.sampled_from(
            [
                b"a",
                b",",
                b'"',
                b'""',
                b"\n",
                b"\r\n",
                b"\r",
                b"1",
                b"\xc3\xa9",
                b"'",
                b"#",
                b" ",
                b"\\",
            ]
        ),
        max_size=24,
    )
)
def test_any_bytes_are_read_as_written_or_refused(tmp_path: Path, data: list[bytes]) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"x,y\n" + b"".join(data))
    try:
        rows = records(path)
    except CannotLook:
        return
    expected = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline=""), strict=True))
    assert [(row["x"] or "", row["y"] or "") for row in rows] == [
        tuple(row) for row in expected[1:]
    ]
