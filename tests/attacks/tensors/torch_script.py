"""Attacks in TorchScript and in programs of torch.export.

Those with `executed_by` ran their payload. The exported programs are cut down to what is looked at;
the same change was made for the trial in a file that torch.export.save had written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.attacks.tensors import pickles
from tests.attacks.tensors.case import Attack
from tests.attacks.tensors.torch_zip import archive

JIT = "torch.jit.load 2.13"
EXPORT = "torch.export.load 2.13"
_HEAD = """class S(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]
"""
_OBJECT = (
    b"\x80\x02c__torch__\nS\n)\x81}("
    + pickles.text("training")
    + b"\x88"
    + pickles.text("_is_full_backward_hook")
    + b"Nub."
)


def script(body: str, *, state: bytes = _OBJECT, more: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """A torch.jit archive whose only class has this body."""
    return archive(
        [
            ("s/data.pkl", state),
            ("s/code/__torch__.py", (_HEAD + body).encode()),
            ("s/constants.pkl", b"\x80\x02)."),
            ("s/version", b"3\n"),
            ("s/byteorder", b"little"),
            *more,
        ]
    )


def forward(statement: str) -> str:
    """A method that runs a statement."""
    lines = "\n".join(f"    {line}" for line in statement.split("\n"))
    return f"  def forward(self: __torch__.S,\n    x: Tensor) -> Tensor:\n{lines}\n    return x\n"


_LOADING = """  def __getstate__(self: __torch__.S) -> int:
    return 1
  def __setstate__(self: __torch__.S,
    state: int) -> NoneType:
    torch.save([state], "pwned")
    self.training = True
    return None
"""


def program(change: Callable[[dict[str, Any]], None]) -> bytes:
    """An exported program after `change`."""
    value: dict[str, Any] = {
        "graph_module": {
            "graph": {
                "inputs": [{"as_tensor": {"name": "x"}}],
                "outputs": [{"as_tensor": {"name": "relu"}}],
                "nodes": [
                    {
                        "target": "torch.ops.aten.relu.default",
                        "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}}],
                        "outputs": [{"as_tensor": {"name": "relu"}}],
                        "metadata": {},
                    }
                ],
                "tensor_values": {"x": {"dtype": 7, "sizes": [{"as_int": 2}]}},
            }
        },
        "opset_version": {"aten": 10},
        "range_constraints": {},
        "guards_code": [],
    }
    change(value)
    return archive(
        [
            ("p/version", b"0\n"),
            ("p/archive_format", b"pt2"),
            ("p/models/model.json", json.dumps(value).encode()),
        ]
    )


def _node(target: str) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["graph_module"]["graph"]["nodes"][0]["target"] = target

    return change


def _expression(text: str) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        sizes = value["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
        sizes[0] = {"as_expr": {"expr_str": text, "hint": None}}

    return change


def _name(value: dict[str, Any]) -> None:
    inputs = value["graph_module"]["graph"]["inputs"]
    inputs[0]["as_tensor"]["name"] = "x=__import__('os').system('touch pwned')"


def _guard(value: dict[str, Any]) -> None:
    value["guards_code"] = ["__import__('os').system('touch pwned') == 0"]


def _range(value: dict[str, Any]) -> None:
    value["range_constraints"] = {"__import__('os').system('touch pwned')": {"min_val": 0}}


_FILES = frozenset({"SW-TS-001"})
_HIDDEN = frozenset({"SW-TS-003"})
_BYTECODE = (
    b"\x80\x02(K\x08("
    + pickles.text("__torch__.S.forward")
    + b"("
    + pickles.text("operators")
    + b"(("
    + pickles.text("aten::save")
    + pickles.text("")
    + b"ttttt."
)

CASES = (
    Attack(
        name="the script writes a file",
        file="model.pt",
        build=partial(script, forward('torch.save(x, "pwned")')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="the script writes a file while it loads",
        file="model.pt",
        build=partial(script, _LOADING, state=b"\x80\x02c__torch__\nS\n)\x81K\x01b."),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="the script maps a file and creates it",
        file="model.pt",
        build=partial(script, forward('x = torch.from_file("pwned", True, 4)')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="the operator is called through ops",
        file="model.pt",
        build=partial(script, forward('ops.aten.save(x, "pwned")')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="the operator is called through torch.autograd",
        file="model.pt",
        build=partial(script, forward('torch.autograd.save(x, "pwned")')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="the name of the operator is split over lines",
        file="model.pt",
        build=partial(script, forward('torch. \\\n  save(x, "pwned")')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="another name for torch",
        file="model.pt",
        build=partial(script, forward('t = torch\nt.save(x, "pwned")')),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="another name for the operator",
        file="model.pt",
        build=partial(script, forward('f = torch.save\nf(x, "pwned")')),
        rules=_FILES,
        executed_by=JIT,
    ),
    Attack(
        name="another name for the library",
        file="model.pt",
        build=partial(script, forward('t = ops.aten\nt.save(x, "pwned")')),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="torch in brackets",
        file="model.pt",
        build=partial(script, forward('(torch).save(x, "pwned")')),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="the operator is looked up by a text",
        file="model.pt",
        build=partial(script, forward('getattr(torch, "save")(x, "pwned")')),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="the operator is looked up by a text with an escape",
        file="model.pt",
        build=partial(script, forward('getattr(torch, "s\\141ve")(x, "pwned")')),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="the operator is looked up by two texts",
        file="model.pt",
        build=partial(script, forward("getattr(torch, 'sa' 've')(x, \"pwned\")")),
        rules=_HIDDEN,
        executed_by=JIT,
    ),
    Attack(
        name="a Python function is called",
        file="model.pt",
        build=partial(script, forward("_0 = ^Evil()(x, )")),
        rules=_HIDDEN,
    ),
    Attack(
        name="an operator of torchvision writes a file",
        file="model.pt",
        build=partial(script, forward('ops.image.write_file("pwned", x)')),
        rules=_FILES,
    ),
    Attack(
        name="a remote call",
        file="model.pt",
        build=partial(script, forward('ops.rpc.rpc_async("w", "f", (x,))')),
        rules=_FILES,
    ),
    Attack(
        name="an operator of another library",
        file="model.pt",
        build=partial(script, forward("_0 = ops.my_extension.run(x)")),
        rules=frozenset({"SW-TS-002"}),
    ),
    Attack(
        name="the source is an executable",
        file="model.pt",
        build=lambda: archive(
            [
                ("s/data.pkl", b"\x80\x02}."),
                ("s/code/__torch__.py", b"\x7fELF\xff\xfe\x00"),
                ("s/constants.pkl", b"\x80\x02)."),
                ("s/version", b"3\n"),
            ]
        ),
        rules=frozenset({"SW-TS-004"}),
    ),
    Attack(
        name="mobile bytecode with an operator that writes",
        file="model.ptl",
        build=partial(script, forward("pass"), more=(("s/bytecode.pkl", _BYTECODE),)),
        rules=_FILES,
    ),
    Attack(
        name="a command in the debug records",
        file="model.pt",
        build=partial(
            script, forward("pass"), more=(("s/code/__torch__.py.debug_pkl", pickles.calls()),)
        ),
        rules=frozenset({"SW-PKL-001", "SW-PKL-002"}),
    ),
    Attack(
        name="a class that the source does not define",
        file="model.pt",
        build=partial(script, forward("pass"), state=b"\x80\x02c__torch__.evil\nS\n)\x81}b."),
        rules=frozenset({"SW-PKL-003"}),
    ),
    Attack(
        name="an expression that sympy evaluates",
        file="model.pt2",
        build=partial(program, _expression("__import__('os').system('touch pwned') or 2")),
        rules=frozenset({"SW-PT2-002"}),
        executed_by=EXPORT,
    ),
    Attack(
        name="an expression that reaches classes",
        file="model.pt2",
        build=partial(program, _expression("().__class__.__base__.__subclasses__()")),
        rules=frozenset({"SW-PT2-002"}),
    ),
    Attack(
        name="an expression as a key of the ranges",
        file="model.pt2",
        build=partial(program, _range),
        rules=frozenset({"SW-PT2-002"}),
    ),
    Attack(
        name="a guard that runs a command",
        file="model.pt2",
        build=partial(program, _guard),
        rules=frozenset({"SW-PT2-002"}),
        executed_by=f"{EXPORT}, then module()",
    ),
    Attack(
        name="a name that becomes code",
        file="model.pt2",
        build=partial(program, _name),
        rules=frozenset({"SW-PT2-003"}),
        executed_by=EXPORT,
    ),
    Attack(
        name="a target that walks to os",
        file="model.pt2",
        build=partial(program, _node("torch.serialization.os.system")),
        rules=frozenset({"SW-PT2-001"}),
    ),
    Attack(
        name="a target that calls by name",
        file="model.pt2",
        build=partial(program, _node("_operator.methodcaller")),
        rules=frozenset({"SW-PT2-001"}),
    ),
    Attack(
        name="an operator that writes a file",
        file="model.pt2",
        build=partial(program, _node("torch.ops.aten.save")),
        rules=frozenset({"SW-TS-001"}),
    ),
)
