"""Attacks in torch checkpoints from before 1.6: five pickles and raw storages."""

from __future__ import annotations

from functools import partial

from tests.attacks.tensors import pickles
from tests.attacks.tensors.case import Attack

TORCH = "torch.load 2.13"
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."
SYSTEM = (
    b"\x80\x02}("
    + pickles.text("protocol_version")
    + b"M\xe9\x03"
    + pickles.text("little_endian")
    + b"\x88u."
)
NONE = b"N"
FOUR = (4).to_bytes(8, "little") + bytes(16)


def keys(*names: str) -> bytes:
    """The pickle with the list of keys."""
    return b"\x80\x02](" + b"".join(pickles.text(name) for name in names) + b"e."


def legacy(
    main: bytes | None = None,
    *,
    magic: bytes = MAGIC,
    protocol: bytes = PROTOCOL,
    system: bytes = SYSTEM,
    listed: bytes | None = None,
    storages: bytes = FOUR,
    after: bytes = b"",
) -> bytes:
    """A checkpoint with one storage of four floats."""
    if main is None:
        main = pickles.state_dict(pickles.tensor(extra=NONE))
    return magic + protocol + system + main + (listed or keys("0")) + storages + after


_COMMAND = frozenset({"SW-PKL-001", "SW-PKL-002"})
_STORAGE = frozenset({"SW-TORCH-002"})
_MODULE = (
    b"\x80\x02("
    + pickles.text("module")
    + b"cposix\nsystem\n"
    + pickles.text("a.py")
    + pickles.text("class A: pass")
    + b"tQ"
    + pickles.text("touch pwned")
    + b"\x85R."
)

CASES = (
    Attack(
        name="a command in the object",
        file="model.pth",
        build=partial(legacy, pickles.calls()),
        rules=_COMMAND,
        executed_by=TORCH,
    ),
    Attack(
        name="a command in the description of the system",
        file="model.pth",
        build=partial(legacy, system=pickles.calls()),
        rules=_COMMAND,
        executed_by=TORCH,
    ),
    Attack(
        name="a command before the magic number",
        file="model.pth",
        build=partial(legacy, magic=b"\x80\x02" + pickles.COMMAND + b"0" + MAGIC[2:]),
        rules=_COMMAND,
        executed_by=TORCH,
    ),
    Attack(
        name="a command in the list of keys",
        file="model.pth",
        build=partial(legacy, listed=pickles.COMMAND + b"0](" + pickles.text("0") + b"e."),
        rules=_COMMAND,
        executed_by=TORCH,
    ),
    Attack(
        name="a function in the place of a module's class",
        file="model.pth",
        build=partial(legacy, _MODULE),
        rules=_COMMAND,
        executed_by=TORCH,
    ),
    Attack(
        name="bytes after the last storage",
        file="model.pth",
        build=partial(legacy, after=b"\x7fELF" + bytes(60)),
        rules=frozenset({"SW-TORCH-009"}),
    ),
    Attack(
        name="a storage that is longer in the file",
        file="model.pth",
        build=partial(legacy, storages=(8).to_bytes(8, "little") + bytes(32)),
        rules=_STORAGE,
    ),
    Attack(
        name="a storage that asks for terabytes",
        file="model.pth",
        build=partial(
            legacy,
            pickles.state_dict(pickles.tensor(count=1 << 50, extra=NONE)),
            storages=(1 << 50).to_bytes(8, "little"),
        ),
        rules=_STORAGE,
    ),
    Attack(
        name="a storage without bytes stays uninitialized memory",
        file="model.pth",
        build=partial(legacy, listed=b"\x80\x02].", storages=b""),
        rules=_STORAGE,
    ),
    Attack(
        name="a view outside its storage",
        file="model.pth",
        build=partial(
            legacy,
            pickles.state_dict(
                pickles.tensor(
                    extra=b"(" + pickles.text("v") + pickles.number(2) + pickles.number(4) + b"t"
                )
            ),
        ),
        rules=_STORAGE,
    ),
    Attack(
        name="the file ends after the magic number",
        file="model.pth",
        build=lambda: MAGIC,
        rules=frozenset({"SW-TORCH-001"}),
    ),
)
