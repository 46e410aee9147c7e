"""`sealwright model`: bring in, scan, convert, load, sign, verify, compare and review models."""

from __future__ import annotations

from typing import Final

import click

from sealwright.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "import": ("sealwright.cli.model.bring:command", "Bring in a model from outside."),
    "admit": ("sealwright.cli.model.admit:command", "Take in a model that the gate admits by now."),
    "scan": ("sealwright.cli.model.scan:command", "Scan the model's files, on record."),
    "load": ("sealwright.cli.model.load:command", "Load a serialised model behind walls."),
    "diff": ("sealwright.cli.model.diff:command", "Compare two models like two versions of code."),
    "convert": ("sealwright.cli.model.convert:command", "Write a model's tensors as safetensors."),
    "sign": ("sealwright.cli.model.sign:command", "Sign the model's files."),
    "verify": ("sealwright.cli.model.verify:command", "Check the files against their signature."),
    "bom": ("sealwright.cli.model.bom:command", "Write the model's bill of materials (ML-BOM)."),
    "review": ("sealwright.cli.model.review:command", "Sign the review of a retrained model."),
}


@click.command(cls=LazyGroup, table=COMMANDS, epilog="Example: sealwright model scan")
def group() -> None:
    """Bring in, scan, sign, verify and compare models."""
