"""Writes small pickles of whole objects with torch, transformers, sentence-transformers, Lightning,
omegaconf and joblib: models, optimizers, arguments, as ordinary use of them leaves on disk.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import pickle
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import joblib
import lightning
import torch
import transformers
from omegaconf import OmegaConf
from sentence_transformers import SentenceTransformer, models
from torch import nn

HERE = Path(__file__).parent
FOLDER = HERE / "torch_objects"
LIBRARIES = (
    *("torch", "transformers", "sentence-transformers", "accelerate", "tokenizers"),
    *("lightning", "omegaconf", "joblib"),
)
TINY = {"hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 8}


class Module(lightning.LightningModule):
    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = nn.Linear(width, 1)

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        loss: torch.Tensor = self.layer(batch[0]).sum()
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def save(name: str, value: object, **options: bool) -> None:
    torch.save(value, FOLDER / name, **options)


def modules() -> None:
    """Whole modules, as torch saves them and as plain pickles."""
    layers = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1)
    )
    save("layers.pt", layers)
    save("attention.pt", nn.TransformerEncoderLayer(4, 2, 4, activation=nn.functional.gelu))
    save("recurrent.pt", [nn.LSTM(2, 2, bidirectional=True), nn.GRUCell(2, 2), nn.Embedding(2, 2)])
    for protocol in (2, 5):
        (FOLDER / f"plain.{protocol}.pkl").write_bytes(pickle.dumps(nn.Linear(2, 1), protocol))
    joblib.dump({"model": nn.Linear(2, 1), "name": "tensors"}, FOLDER / "tensors.joblib")
    pruned = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    save("hooked.pt", [nn.utils.spectral_norm(nn.Linear(2, 2)), pruned.state_dict()])
    dynamic = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 2)))
    save("quantized.pt", dynamic)
    gates = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.LSTM(2, 2)), {nn.LSTM})
    save("quantized_gates.pt", [gates, gates.state_dict()])


def training() -> None:
    """What a training loop keeps."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    milestones = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2])
    tagged = torch.ones(2)
    tagged.tag = "x"  # type: ignore[attr-defined]
    flagged = nn.Parameter(torch.ones(2))
    flagged.parallel = True  # type: ignore[attr-defined]
    save("optimizer.pt", [optimizer, milestones])
    save(
        "checkpoint.pt",
        {
            "model": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": milestones.state_dict(),
            "args": argparse.Namespace(lr=0.1, out=Path("runs")),
            "torch": torch.__version__,
            "generator": torch.Generator(),
            "kept": [tagged, flagged, torch.tanh, torch.Size([1]), torch.device("cpu")],
        },
    )
    normal = torch.distributions.Normal(torch.zeros(1), torch.ones(1))
    save("distribution.pt", normal)
    data = torch.utils.data.TensorDataset(torch.ones(4, 3))
    save("loader.pt", torch.utils.data.DataLoader(data, batch_size=2, shuffle=True))
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            default_root_dir=folder,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(Module(), torch.utils.data.DataLoader(data))
        trainer.save_checkpoint(FOLDER / "lightning.ckpt")


def stepping() -> None:
    """Optimizers and schedulers that are saved under another name, or keep a function."""
    net = nn.Linear(3, 2)
    adafactor = torch.optim.Adafactor(net.parameters())
    muon = torch.optim.Muon([net.weight])
    net(torch.ones(2, 3)).sum().backward()
    adafactor.step()
    muon.step()
    cycles = [
        torch.optim.lr_scheduler.CyclicLR(torch.optim.SGD(net.parameters()), 0.1, 0.2, mode=mode)
        for mode in ("triangular", "triangular2", "exp_range")
    ]
    save("stepping.pt", [adafactor, muon, *cycles])


def computed() -> None:
    """What a tokenizer and a model give back."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]
        Path(folder, "vocab.txt").write_text("\n".join(words))
        tokenizer = transformers.BertTokenizerFast(f"{folder}/vocab.txt")
    encoded = tokenizer(["a b", "c"], padding=True, return_tensors="pt")
    (FOLDER / "encoded.pkl").write_bytes(pickle.dumps(encoded))
    bert = transformers.BertConfig(intermediate_size=4, max_position_embeddings=8, **TINY)
    llama = transformers.LlamaConfig(intermediate_size=4, **TINY)
    ids = torch.tensor([[1, 2]])
    with torch.no_grad():
        pooled = transformers.BertModel(bert).eval()(ids)
        logits = transformers.LlamaForCausalLM(llama).eval()(ids, use_cache=True)
    (FOLDER / "pooled.pkl").write_bytes(pickle.dumps(pooled))
    save("logits.pt", logits)


def configured() -> None:
    """transformers, sentence-transformers and omegaconf."""
    arguments = transformers.TrainingArguments(output_dir="out", report_to=[], optim="adafactor")
    save("training_args.bin", arguments)
    bert = transformers.BertConfig(intermediate_size=4, max_position_embeddings=8, **TINY)
    save("bert.pt", transformers.BertModel(bert))
    (FOLDER / "config.pkl").write_bytes(pickle.dumps(bert))
    llama = transformers.LlamaConfig(intermediate_size=4, **TINY)
    save("llama.pt", transformers.LlamaForCausalLM(llama))
    with tempfile.TemporaryDirectory() as folder:
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]
        Path(folder, "vocab.txt").write_text("\n".join(words))
        transformers.BertTokenizerFast(f"{folder}/vocab.txt").save_pretrained(folder)
        transformers.BertModel(bert).save_pretrained(folder)
        parts = [models.Transformer(folder), models.Pooling(4)]
        sentences = SentenceTransformer(modules=parts, device="cpu")
        (FOLDER / "sentences.pkl").write_bytes(pickle.dumps(sentences))
    made = OmegaConf.create({"lr": 0.1, "layers": [1, 2], "name": "${lr}"})
    (FOLDER / "omegaconf.pkl").write_bytes(pickle.dumps(made))


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    modules()
    training()
    stepping()
    configured()
    computed()
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    versions = {"python": sys.version.split()[0], **versions}
    target = HERE / "write_torch_objects.versions.json"
    target.write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
