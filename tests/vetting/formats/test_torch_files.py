"""What torch's archives, legacy files, scripts and exported programs may hold and may not."""

from __future__ import annotations

import pytest

from sealwright.vetting.formats import torch_legacy
from sealwright.vetting.formats import zip as zip_format
from sealwright.vetting.formats.torch_export import is_arithmetic
from sealwright.vetting.interface import Member
from sealwright.vetting.packs.load import builtin_policy
from tests.attacks.tensors import pickles
from tests.attacks.tensors.torch_legacy import FOUR, MAGIC, keys, legacy
from tests.attacks.tensors.torch_script import forward, script
from tests.attacks.tensors.torch_zip import archive, checkpoint
from tests.vetting.examine import examine, rules, verdict

POLICY = builtin_policy()
RECORD = bytes(16)


def zipped(data: bytes) -> tuple[str, set[str]]:
    work = examine(zip_format.FORMAT, data, path="model.pt", policy=POLICY)
    met = rules(work).union(*(rules(report) for report in work.session.reports), set())
    return verdict(work), met


def test_a_checkpoint_passes_and_its_records_are_numbers() -> None:
    work = examine(zip_format.FORMAT, checkpoint(), path="model.pt", policy=POLICY)
    assert verdict(work) == "pass"
    assert work.numbers == 16
    assert not work.session.reports


def test_a_zip_with_a_data_pkl_that_torch_would_not_load_is_no_checkpoint() -> None:
    data = archive([("set/data.pkl", b"\x80\x02]K\x01a."), ("set/notes.txt", b"two columns\n")])
    assert zipped(data) == ("pass", set())


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        (b"ctorch\nDoubleStorage\n", 32),
        (b"ctorch\nBFloat16Storage\n", 8),
        (b"ctorch.storage\nUntypedStorage\n", 4),
    ],
)
def test_a_record_has_the_size_of_its_type(kind: bytes, size: int) -> None:
    content = pickles.state_dict(pickles.tensor(kind=kind))
    good = checkpoint(content, records=[("data/0", bytes(size))])
    short = checkpoint(content, records=[("data/0", bytes(size - 1))])
    assert zipped(good)[0] == "pass"
    assert "SW-TORCH-002" in zipped(short)[1]


def test_views_of_one_storage_pass() -> None:
    content = pickles.state_dict(
        pickles.tensor(size=(2, 2), stride=(2, 1)),
        pickles.tensor(offset=3, size=(1,), stride=(1,)),
        pickles.tensor(size=(0, 5), stride=(5, 1), offset=4),
        pickles.tensor(size=(), stride=()),
        pickles.tensor(size=(1000,), stride=(0,)),
    )
    assert zipped(checkpoint(content)) == ("pass", set())


def test_a_checkpoint_under_any_name_of_its_folder_passes() -> None:
    assert zipped(checkpoint(root="Epoch-1 (Best)"))[0] == "pass"


def test_a_legacy_checkpoint_is_accounted_for() -> None:
    work = examine(torch_legacy.FORMAT, legacy(), policy=POLICY)
    assert verdict(work) == "pass"
    assert work.numbers == 16
    assert work.parsed + work.numbers == len(work.data)


def test_a_legacy_view_may_show_a_part() -> None:
    extra = b"(" + pickles.text("v") + pickles.number(1) + pickles.number(2) + b"t"
    inside = pickles.tensor(extra=extra, size=(2,))
    beyond = pickles.tensor(extra=extra, size=(3,))
    good = examine(torch_legacy.FORMAT, legacy(pickles.state_dict(inside)), policy=POLICY)
    bad = examine(torch_legacy.FORMAT, legacy(pickles.state_dict(beyond)), policy=POLICY)
    assert verdict(good) == "pass"
    assert rules(bad) == {"SW-TORCH-003"}


def test_legacy_keys_of_python_2_are_read() -> None:
    main = pickles.state_dict(pickles.tensor(extra=b"N")).replace(pickles.text("0"), b"U\x010")
    listed = keys("0").replace(pickles.text("0"), b"U\x010")
    work = examine(torch_legacy.FORMAT, legacy(main, listed=listed), policy=POLICY)
    assert verdict(work) == "pass"


def test_two_storages_follow_the_order_of_the_keys() -> None:
    main = pickles.state_dict(
        pickles.tensor("1", 2, size=(2,), extra=b"N"), pickles.tensor("0", extra=b"N")
    )
    two = (2).to_bytes(8, "little") + bytes(8)
    good = legacy(main, listed=keys("0", "1"), storages=FOUR + two)
    swapped = legacy(main, listed=keys("0", "1"), storages=two + FOUR)
    assert verdict(examine(torch_legacy.FORMAT, good, policy=POLICY)) == "pass"
    assert "SW-TORCH-002" in rules(examine(torch_legacy.FORMAT, swapped, policy=POLICY))


def test_the_magic_number_is_found_in_every_protocol() -> None:
    texts = (MAGIC, b"L119547037146038801333356L\n.", b"I119547037146038801333356\n.")
    for first in texts:
        assert torch_legacy.recognise(Member(path="x", data=first)) == "strong"
    assert torch_legacy.recognise(Member(path="x", data=b"\x80\x02K\x01.")) == "no"


@pytest.mark.parametrize(
    "statement",
    [
        'y = getattr(self.layers, "0")',
        "x = torch.warn(\"use torch.save and ops, or getattr(torch, 'x')\")",
        "x = ops.quantized.linear(x, w, 1., 0)",
        "x = ops.torchvision.nms(x, y, 0.5)",
        "x = __torch__.torch.nn.functional.relu(x)",
        "x = torch.loads_of_things(x)  # torch's own",
        "x = (self.ops).forward(x, )",
    ],
)
def test_ordinary_script_passes(statement: str) -> None:
    assert zipped(script(forward(statement)))[0] == "pass"


def test_attributes_may_be_called_ops() -> None:
    assert zipped(script("  ops : Tensor\n" + forward("pass")))[0] == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "s0",
        "2*s77 + 1",
        "Symbol('s77', positive=True, integer=True)",
        "Add(Symbol('s6', integer=True), Integer(1))",
        "FloorDiv(s0, 2) - Max(1, u0)",
        "Float('1.5', precision=53)",
        "s0 >= 2",
        "-9223372036854775808",
    ],
)
def test_arithmetic(text: str) -> None:
    assert is_arithmetic(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "Symbol('x').__class__",
        "Symbol('a'+'b')",
        "exec('1')",
        "s0.__class__",
        "(1).real",
        "1 .real",
        "lambda: 0",
        "[s0]",
        "open",
        "Symbol('s0'if 1else 2)",
    ],
)
def test_no_arithmetic(text: str) -> None:
    assert not is_arithmetic(text)
