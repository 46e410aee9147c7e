"""Converts real checkpoints and arrays to safetensors, byte for byte, or refuses."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sealwright.errors import (
    CannotLook,
    InputMissing,
    LimitReached,
    Refused,
    SealwrightError,
    TamperError,
    Unsupported,
    UsageError,
)
from sealwright.vetting.convert import convert as module
from sealwright.vetting.convert import write as writer
from sealwright.vetting.convert.convert import Converted, convert, offers, plan
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths
from tests.attacks.tensors import pickles
from tests.attacks.tensors.torch_zip import checkpoint
from tests.vetting.examine import session

BENIGN = Path(__file__).parents[2] / "benign"
FLOATS = struct.pack("<4f", 1, 2, 3, 4)


def run(path: Path, out: Path, **more: Any) -> Converted:
    return convert(path, out, policy=builtin_policy(), **more)


def read(path: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """An independent reader: name → type, shape, bytes."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    assert "__metadata__" not in head
    return {
        name: (one["dtype"], tuple(one["shape"]), data[8 + length :][slice(*one["data_offsets"])])
        for name, one in head.items()
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.safetensors"


def zipped(data: bytes, storage: bytes = FLOATS) -> bytes:
    return checkpoint(data, records=[("data/0", storage)])


@pytest.mark.parametrize("name", ["state_dict.pt", "legacy.pth"])
def test_a_state_dict_keeps_every_tensor(name: str, out: Path) -> None:
    done = run(BENIGN / "torch" / name, out)
    assert done.tensors == 9
    assert done.left == ()
    assert done.notes == ("the versions of modules (_metadata) are not kept",)
    tensors = read(out)
    assert tensors["body.0.weight"][:2] == ("F32", (4, 3))
    assert tensors["body.2.num_batches_tracked"][:2] == ("I64", ())
    assert scan_paths([out]).verdict == "pass"


def test_both_forms_of_a_checkpoint_give_the_same_file(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    run(BENIGN / "torch/state_dict.pt", new)
    run(BENIGN / "torch/legacy.pth", old)
    assert {n: t[:2] for n, t in read(new).items()} == {n: t[:2] for n, t in read(old).items()}
    again = tmp_path / "again"
    run(BENIGN / "torch/state_dict.pt", again)
    assert new.read_bytes() == again.read_bytes()


def test_values_are_those_of_the_archive(out: Path) -> None:
    run(BENIGN / "torch/state_dict.pt", out)
    with zipfile.ZipFile(BENIGN / "torch/state_dict.pt") as archive:
        assert read(out)["body.0.weight"][2] == archive.read("state_dict/data/0")


def test_more_than_tensors_is_refused_unless_it_may_be_left_out(out: Path) -> None:
    source = BENIGN / "torch/checkpoint.pth"
    with pytest.raises(Refused, match=r"'epoch' is a int") as raised:
        run(source, out)
    assert "--only-tensors" in raised.value.advice
    assert not out.exists()
    done = run(source, out, only_tensors=True)
    assert {"epoch", "optimizer.state", "loss"} <= {one.name for one in done.left}
    assert "nested names are joined by dots" in done.notes
    assert "model.body.0.weight" in read(out)
    assert not any(name.startswith("optimizer") for name in read(out))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("torch/scripted.pt", Unsupported),
        ("torch/exported.pt2", Unsupported),
        ("torch/module.pt", Refused),
        ("torch/legacy_module.pth", Refused),
        ("torch/no_tensor.pt", Refused),
        ("npy/objects.npz", Refused),
        ("npy/text.npy", Refused),
        ("npy/several.npy", Refused),
        ("npy/longdouble.npy", Refused),
        ("safetensors/plain.safetensors", Unsupported),
        ("gguf/model.gguf", Unsupported),
        ("pickles/arrays.4.pkl", Unsupported),
    ],
)
def test_other_sources_are_refused(name: str, error: type[SealwrightError], out: Path) -> None:
    with pytest.raises(error):
        run(BENIGN / name, out)
    assert not out.exists()


def test_a_source_that_does_not_pass_is_not_converted(tmp_path: Path, out: Path) -> None:
    marker = tmp_path / "marker"

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {marker}",)

    bad = tmp_path / "bad.pt"
    bad.write_bytes(zipped(pickle.dumps({"w": Payload()}, protocol=2)))
    with pytest.raises(Refused, match="its scan says fail"):
        run(bad, out, only_tensors=True)
    assert not marker.exists()
    assert not out.exists()


def test_shared_storages_and_views_are_copied(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "views.pt"
    views = (
        pickles.tensor(size=(2, 2), stride=(2, 1)),
        pickles.tensor(size=(2, 2), stride=(1, 2)),
        pickles.tensor(size=(2,), stride=(2,), offset=1),
        pickles.tensor(size=(3, 2), stride=(0, 1)),
    )
    source.write_bytes(zipped(pickles.state_dict(*views)))
    done = run(source, out)
    found = {name: struct.unpack(f"<{len(t[2]) // 4}f", t[2]) for name, t in read(out).items()}
    assert found == {
        "w0": (1, 2, 3, 4),
        "w1": (1, 3, 2, 4),
        "w2": (2, 4),
        "w3": (1, 2, 1, 2, 1, 2),
    }
    assert done.notes == ("3 tensors shared their bytes with others; each has its own now",)


def test_a_view_that_repeats_its_bytes_without_end_is_refused(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "bomb.pt"
    for size in ((1 << 40,), (1 << 20, 1 << 20, 1 << 20)):
        bomb = pickles.tensor(size=size, stride=(0,) * len(size))
        source.write_bytes(zipped(pickles.state_dict(bomb)))
        with pytest.raises(LimitReached, match="at most"):
            run(source, out)
    many = pickles.state_dict(*[pickles.tensor(size=(1 << 12,), stride=(0,))] * 200)
    source.write_bytes(zipped(many))
    with pytest.raises(LimitReached):
        run(source, out, most=1 << 20)
    assert run(source, out, most=1 << 22).bytes == 200 << 14
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_tensors_out_of_their_storage_never_get_that_far(tmp_path: Path, out: Path) -> None:
    for number, size in enumerate(((5,), (1 << 60,))):
        source = tmp_path / f"{number}.pt"
        source.write_bytes(zipped(pickles.state_dict(pickles.tensor(size=size))))
        with pytest.raises(Refused, match="its scan says fail"):
            run(source, out)


@pytest.mark.parametrize(
    "data",
    [
        pickles.state_dict(pickles.tensor(size=(5,))),
        pickles.state_dict(pickles.tensor(size=(-1,))),
        pickles.state_dict(pickles.tensor(offset=-4)),
        pickles.state_dict(pickles.tensor(key="9")),
        pickles.state_dict(pickles.tensor(size=(2, 2))),
        b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",  # a dict that holds itself
    ],
)
def test_the_plan_itself_takes_nothing_that_is_wrong(data: bytes) -> None:
    made = plan(zipped(data), session())
    assert made.tensors == ()
    assert len(made.left) == 1


def test_a_dict_that_doubles_at_every_level_is_not_walked_to_the_end() -> None:
    # Each level holds the one below twice: 2^31 leaves.
    data = b"\x80\x02}q\x00"
    for level in range(31):
        body = b"(" + b"".join(pickles.text(n) + b"h" + bytes([level]) for n in "ab") + b"u"
        data += b"}" + body + b"q" + bytes([level + 1])
    with pytest.raises(Unsupported, match="more than"):
        plan(zipped(data + b"."), session())


def test_two_ways_to_one_name_are_refused(tmp_path: Path, out: Path) -> None:
    inner = b"}(" + pickles.text("b") + pickles.tensor() + b"u"
    data = (
        b"\x80\x02}(" + pickles.text("a.b") + pickles.tensor() + pickles.text("a") + inner + b"u."
    )
    source = tmp_path / "twice.pt"
    source.write_bytes(zipped(data))
    with pytest.raises(Refused, match="two tensors"):
        run(source, out)


@pytest.mark.parametrize("name", ["__metadata__", "a\nb", "x" * 2000])
def test_names_that_cannot_be_written_are_refused(name: str, tmp_path: Path, out: Path) -> None:
    source = tmp_path / "named.pt"
    source.write_bytes(zipped(b"\x80\x02}(" + pickles.text(name) + pickles.tensor() + b"u."))
    with pytest.raises(Refused):
        run(source, out)


def test_a_file_is_never_written_over(tmp_path: Path, out: Path) -> None:
    out.write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        run(BENIGN / "torch/state_dict.pt", out)
    assert out.read_bytes() == b"mine"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        run(BENIGN / "torch/state_dict.pt", link)


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotLook, match="cannot be written"):
        run(BENIGN / "torch/state_dict.pt", tmp_path / "no" / "out")
    with pytest.raises(InputMissing):
        run(tmp_path / "none.pt", tmp_path / "out")
    with pytest.raises(InputMissing):
        run(tmp_path, tmp_path / "out")


def test_a_wrong_byte_after_writing_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: Path
) -> None:
    real = writer._fill

    def wrong(file: Any, head: bytes, tensors: Any) -> None:
        real(file, head, tensors)
        file.seek(-1, io.SEEK_END)
        file.write(b"\x99")
        file.flush()

    monkeypatch.setattr(writer, "_fill", wrong)
    with pytest.raises(TamperError, match="is not what the source holds"):
        run(BENIGN / "torch/state_dict.pt", out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["floats", "fortran", "bools", "half", "empty", "scalar"])
def test_a_single_array(name: str, out: Path) -> None:
    run(BENIGN / f"npy/{name}.npy", out)
    wanted = np.load(BENIGN / f"npy/{name}.npy")
    _, shape, raw = read(out)["array"]
    assert shape == wanted.shape
    assert raw == wanted.astype(wanted.dtype.newbyteorder("<")).tobytes()


NUMBERS = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    arrays.complex_number_dtypes(endianness="?", sizes=(64,)),
)
KINDS = {"b": "BOOL", "i": "I", "u": "U", "f": "F", "c": "C"}


@given(
    held=st.dictionaries(
        st.text("abc.01_é", min_size=1, max_size=5),
        NUMBERS.flatmap(
            lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0))
        ),
        min_size=1,
        max_size=4,
    ),
    fortran=st.booleans(),
    compressed=st.booleans(),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_npz_files_keep_every_bit(
    tmp_path: Path, held: dict[str, Any], fortran: bool, compressed: bool
) -> None:
    if len({name.casefold() for name in held}) < len(held) or any(n in (".", "..") for n in held):
        return
    source, out = tmp_path / "a.npz", tmp_path / "a.safetensors"
    out.unlink(missing_ok=True)
    save = np.savez_compressed if compressed else np.savez
    kept: dict[str, Any] = {n: np.array(a, order="F" if fortran else "C") for n, a in held.items()}
    save(source, **kept)
    data = source.read_bytes()
    made = plan(data, session())
    assert made.left == ()
    writer.write(out, made.tensors)
    found = read(out)
    assert set(found) == set(held)
    for name, array in held.items():
        dtype, shape, raw = found[name]
        kind = KINDS[array.dtype.kind]
        assert dtype == (kind if kind == "BOOL" else f"{kind}{8 * array.itemsize}")
        assert shape == array.shape
        assert raw == array.astype(array.dtype.newbyteorder("<")).tobytes()


def test_arrays_of_text_are_refused_with_their_names(out: Path) -> None:
    with pytest.raises(Refused, match=r"'names.npy' is an array of type '<U1'"):
        run(BENIGN / "npy/compressed.npz", out)
    done = run(BENIGN / "npy/compressed.npz", out, only_tensors=True)
    assert [one.name for one in done.left] == ["names.npy"]


@given(place=st.integers(0, 4000), value=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_damaged_checkpoints_raise_only_errors_of_the_tree(place: int, value: int) -> None:
    for name in ("state_dict.pt", "legacy.pth"):
        data = bytearray((BENIGN / "torch" / name).read_bytes())
        data[place % len(data)] = value
        try:
            made = plan(bytes(data), session())
            assert sum(tensor.size for tensor in made.tensors) < 1 << 62
        except SealwrightError:
            continue


def test_what_can_be_converted_is_offered() -> None:
    files = [
        BENIGN / "torch/state_dict.pt",
        BENIGN / "torch/checkpoint.pth",
        BENIGN / "npy/plain.npz",
        BENIGN / "safetensors/plain.safetensors",
        BENIGN / "torch",
        BENIGN / "nothing",
    ]
    assert offers(files, policy=builtin_policy()) == (files[0], files[2])


def test_the_source_is_converted_from_the_bytes_that_were_scanned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: Path
) -> None:
    """Another file under the same name, put there after the scan, changes nothing."""
    source = tmp_path / "model.pt"
    source.write_bytes((BENIGN / "torch/state_dict.pt").read_bytes())
    real = module.plan

    def swapped(data: Any, work: Any) -> Any:
        other = tmp_path / "other.pt"
        other.write_bytes(zipped(pickles.state_dict(pickles.tensor())))
        other.replace(source)
        return real(data, work)

    monkeypatch.setattr(module, "plan", swapped)
    assert run(source, out).tensors == 9
