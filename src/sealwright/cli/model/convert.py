"""`sealwright model convert`: from a checkpoint that can run code to a file that cannot."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import answer_style
from sealwright.cli.render import emit, mark
from sealwright.vetting.reports.interface import count

_MAX_LISTED = 20


@click.command(epilog="Example: sealwright model convert model.pt -o model.safetensors")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to",
    "form",
    type=click.Choice(["safetensors"]),
    default="safetensors",
    show_default=True,
    help="The format to write.",
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; it must not be there yet.",
)
@click.option(
    "--only-tensors",
    is_flag=True,
    help="Leave out what is no tensor (epochs, optimizer settings), and say so.",
)
@click.option(
    "--limit-bytes",
    type=click.IntRange(min=1),
    help="Bytes of tensors to write at most (default: four times the source and 64 MiB).",
)
@answer_style
def command(
    path: Path, form: str, out: Path, only_tensors: bool, limit_bytes: int | None, style: str
) -> None:
    """Write the tensors of the checkpoint at PATH as safetensors, where nothing is lost.

    Takes torch checkpoints (state dicts, also nested) and NumPy .npy and .npz files. They are
    scanned first; nothing in them is executed, and torch is not needed. Every tensor's type, shape
    and bytes are compared with the source after writing. Exit code 1 when the scan does not pass or
    something would be lost. A whole model is exported to ONNX by the code that trains it: that is
    not done here.
    """
    from sealwright.errors import UsageError
    from sealwright.vetting.convert.convert import convert
    from sealwright.vetting.packs.load import builtin_policy

    if out.suffix.casefold() != f".{form}":
        raise UsageError(
            f"{out}: what is written is {form}, and its name would say something else",
            advice=f"name it {out.stem or 'model'}.{form}",
        )
    done = convert(path, out, policy=builtin_policy(), only_tensors=only_tensors, most=limit_bytes)
    lines = [
        f" {mark('passed')} {out}: {count(done.tensors, 'tensor')}, {done.bytes:,} bytes, from "
        f"{done.form}; type, shape and bytes of each are those of the source",
        *(f"    note: {note}" for note in done.notes),
        *(f" {mark('warned')} left out: {one.name}, {one.what}" for one in done.left[:_MAX_LISTED]),
    ]
    if len(done.left) > _MAX_LISTED:
        lines.append(f"    and {len(done.left) - _MAX_LISTED} more")
    emit({"to": form, "converted": done}, lines, style=style)
