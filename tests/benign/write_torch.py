"""Writes small files with torch, numpy, gguf and safetensors: what ordinary use of them leaves on
disk.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from collections import OrderedDict
from pathlib import Path

import gguf
import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

HERE = Path(__file__).parent


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Dropout(0.1))
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.names = ["a", "b"]
        self.table = {"a": 1}
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x: torch.Tensor, times: int = 2) -> torch.Tensor:
        for _ in range(times):
            x = torch.relu(self.layer(x)) @ self.layer.weight
        if x.sum() > 0:
            x = x * self.scale + len(self.names)
        return x


def torch_files(folder: Path) -> None:
    model = Small()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    scheduler.step()
    torch.save(model.state_dict(), folder / "state_dict.pt")
    torch.save(
        {
            "epoch": 3,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "rng": torch.get_rng_state(),
            "loss": np.float64(0.5),
            "history": np.arange(4, dtype=np.float32),
            "args": {"lr": 1e-3, "name": "run", "device": torch.device("cpu")},
        },
        folder / "checkpoint.pth",
    )
    torch.save(
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Conv1d(1, 2, 1), nn.LSTM(2, 2)),
        folder / "module.pt",
    )
    base = torch.arange(24, dtype=torch.float32)
    odd = {
        "views": [base[4:12].view(2, 4), base.view(4, 6).t(), base[::3]],
        "empty": torch.empty(0),
        "scalar": torch.tensor(1.5, dtype=torch.float64),
        "types": [
            torch.zeros(3, dtype=kind)
            for kind in (
                torch.bool,
                torch.uint8,
                torch.int8,
                torch.int16,
                torch.int64,
                torch.float16,
                torch.bfloat16,
                torch.complex64,
                torch.float8_e4m3fn,
                torch.uint16,
            )
        ],
        "sparse": torch.eye(3).to_sparse(),
        "csr": torch.eye(3).to_sparse_csr(),
        "quantized": torch.quantize_per_tensor(torch.rand(4), 0.1, 2, torch.quint8),
        "channels": torch.quantize_per_channel(
            torch.rand(2, 4), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8
        ),
        "parameter": nn.Parameter(torch.rand(2)),
        "size": torch.Size([2, 3]),
        "dtype": torch.bfloat16,
        "layout": torch.strided,
        "meta": torch.empty(2, device="meta"),
        "storage": torch.FloatStorage([1.0, 2.0]),
        "untyped": torch.UntypedStorage(4),
        "conjugated": torch.zeros(2, dtype=torch.complex64).conj(),
        "ordered": OrderedDict(a=1),
        "generator": torch.Generator().get_state(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(odd, folder / "kinds.pt")
        torch.save(model.state_dict(), folder / "legacy.pth", _use_new_zipfile_serialization=False)
        torch.save(
            nn.Sequential(nn.Linear(3, 4)),
            folder / "legacy_module.pth",
            _use_new_zipfile_serialization=False,
        )
        torch.save(
            {"views": odd["views"], "types": odd["types"][:6], "empty": torch.empty(0)},
            folder / "legacy_kinds.pth",
            _use_new_zipfile_serialization=False,
            pickle_protocol=4,
        )
    torch.save([1, "two", None], folder / "no_tensor.pt")
    script_files(folder)


def script_files(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(
            torch.jit.script(Scripted()), folder / "scripted.pt", _extra_files={"note": "x"}
        )
        torch.jit.save(torch.jit.trace(Small().eval(), torch.rand(1, 3)), folder / "traced.pt")
        torch.jit.script(Scripted())._save_for_lite_interpreter(str(folder / "mobile.ptl"))
        program = torch.export.export(Small().eval(), (torch.rand(2, 3),))
        torch.export.save(program, folder / "exported.pt2")


def numpy_files(folder: Path) -> None:
    np.save(folder / "floats.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    np.save(folder / "fortran.npy", np.asfortranarray(np.ones((3, 2), dtype=">i4")))
    np.save(folder / "scalar.npy", np.float64(1.0))
    np.save(folder / "text.npy", np.array(["a", "bcd"]))
    np.save(folder / "bytes.npy", np.array([b"a", b"bcd"]))
    np.save(folder / "dates.npy", np.array(["2020-01-01", "NaT"], dtype="M8[D]"))
    np.save(folder / "empty.npy", np.zeros((0, 4)))
    np.save(folder / "bools.npy", np.array([True, False]))
    np.save(folder / "half.npy", np.zeros(3, dtype=np.float16))
    np.save(folder / "longdouble.npy", np.zeros(2, dtype=np.longdouble))
    kind = np.dtype(
        {
            "names": ["id", "xyz", "naïve"],
            "formats": ["<u2", ("<f4", (3,)), "S5"],
            "offsets": [0, 4, 16],
            "itemsize": 24,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.save(folder / "structured.npy", np.zeros(2, dtype=kind))
    with (folder / "version2.npy").open("wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(2, 0))
    np.save(folder / "objects.npy", np.array([{"a": 1}, "b", None, 2.5], dtype=object))
    np.save(folder / "nested.npy", np.array([(1, "x")], dtype=[("n", "i4"), ("o", "O")]))
    with (folder / "several.npy").open("wb") as file:
        np.save(file, np.arange(3))
        np.save(file, np.arange(2.0))
    np.savez(folder / "plain.npz", a=np.arange(3), b=np.eye(2))
    np.savez_compressed(folder / "compressed.npz", a=np.zeros(100), names=np.array(["x", "y"]))
    np.savez(folder / "objects.npz", labels=np.array(["cat", None], dtype=object))


def gguf_files(folder: Path) -> None:
    for name, order in (("model", gguf.GGUFEndian.LITTLE), ("big_endian", gguf.GGUFEndian.BIG)):
        writer = gguf.GGUFWriter(folder / f"{name}.gguf", "llama", endianess=order)
        writer.add_name("small")
        writer.add_context_length(16)
        writer.add_rope_freq_base(10000.0)
        writer.add_causal_attention(True)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(["<s>", "</s>", "a", "bé"])
        writer.add_token_scores([0.0, 0.0, -1.0, -2.0])
        writer.add_token_types([3, 3, 1, 1])
        writer.add_chat_template(
            "{% for message in messages %}{{ message['role'] + ': ' + message['content'] }}"
            "{% endfor %}"
        )
        writer.add_tensor("token_embd.weight", np.random.rand(4, 8).astype(np.float32))
        writer.add_tensor("output_norm.weight", np.ones(5, dtype=np.float32))
        half = np.random.rand(3, 8).astype(np.float16)
        writer.add_tensor("output.weight", half)
        if name == "model":
            blocks = gguf.quants.quantize(
                np.random.rand(2, 64).astype(np.float32), gguf.GGMLQuantizationType.Q8_0
            )
            writer.add_tensor(
                "blk.0.attn_q.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    writer = gguf.GGUFWriter(folder / "vocabulary.gguf", "llama")
    writer.add_token_list(["a", "b"])
    writer.add_custom_alignment(64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def main() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    for name, write in (("torch", torch_files), ("npy", numpy_files), ("gguf", gguf_files)):
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(folder)
    shapes = {"a": torch.zeros(2, 3), "b": torch.ones(4, dtype=torch.bfloat16), "e": torch.zeros(0)}
    folder = HERE / "safetensors"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    safetensors.torch.save_file(shapes, folder / "plain.safetensors")
    safetensors.torch.save_file(shapes, folder / "metadata.safetensors", metadata={"format": "pt"})
    safetensors.torch.save_file({}, folder / "empty.safetensors")
    versions = {
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "gguf": "0.19.0",
        "safetensors": safetensors.__version__,
    }
    text = json.dumps(versions, indent=2) + "\n"
    (HERE / "write_torch.versions.json").write_text(text)


if __name__ == "__main__":
    main()
