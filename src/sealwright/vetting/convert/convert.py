"""Converts a checkpoint that can run code into safetensors, where nothing is lost by it.

The source is scanned first, and converted from the very bytes that were scanned. Nothing in it is
imported or executed: where its tensors lie is read off the pickle's own instructions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from sealwright.errors import InputMissing, LimitReached, Refused, SealwrightError, Unsupported
from sealwright.vetting.convert.interface import Left, Plan
from sealwright.vetting.convert.write import write
from sealwright.vetting.interface import Buffer, Member, findings, quoted
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.session import Limits, Session
from sealwright.vetting.sources import opened

FACTOR, BASE = 4, 64 * 1024 * 1024
"""A file becomes at most so many times as large, and so much more: views can repeat bytes without
end."""
_LISTED = 8
_OFFERED = 50


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written and proved."""

    out: Path
    form: str
    """Of the source."""
    tensors: int
    bytes: int
    """Of the tensors."""
    left: tuple[Left, ...]
    notes: tuple[str, ...]


def convert(
    path: Path,
    out: Path,
    *,
    policy: Policy,
    only_tensors: bool = False,
    most: int | None = None,
) -> Converted:
    """Writes the tensors of the file at `path` to `out`, a new safetensors file.

    `only_tensors`: leave out what is no tensor, instead of refusing. `most`: bytes of the result.
    Raises Refused where the scan does not pass or something would be lost, Unsupported for other
    formats, LimitReached for too large a result, InputMissing, and what `write` raises.
    """
    from sealwright.vetting.guard import bounded
    from sealwright.vetting.scan import inspect, outcome

    try:
        with opened(path) as (data, _):
            session = Session(policy=policy, inspect=inspect)
            with bounded(seconds=session.limits.seconds):
                session.inspect(Member(path=str(path), data=data), session)
            scanned = outcome(session.reports, policy=policy)
            if scanned.verdict != "pass":
                told = findings(scanned.observations)
                first = f": {told[0].message}" if told else ""
                raise Refused(
                    f"{path}: not converted, since its scan says {scanned.verdict}{first}",
                    advice=f"run `sealwright scan {path}`",
                )
            made = plan(data, Session(policy=policy, inspect=inspect))
            _whole(path, made, only_tensors=only_tensors)
            size = sum(tensor.size for tensor in made.tensors)
            limit = FACTOR * len(data) + BASE if most is None else most
            if size > limit:
                raise LimitReached(
                    f"{path}: its tensors take {size} bytes; at most {limit} are written",
                    advice="views repeat their bytes; allow more with --limit-bytes",
                )
            write(out, made.tensors)
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}", advice="check the path") from error
    return Converted(
        out=out,
        form=made.form,
        tensors=len(made.tensors),
        bytes=size,
        left=made.left,
        notes=made.notes,
    )


def plan(data: Buffer, session: Session) -> Plan:
    """The tensors of a source, and what else it holds. Unsupported for other formats."""
    from sealwright.vetting.archives.zip_walk import walk
    from sealwright.vetting.convert import numpy_source, torch_source
    from sealwright.vetting.formats import npz
    from sealwright.vetting.formats.npy_header import MAGIC
    from sealwright.vetting.formats.torch_legacy import is_legacy
    from sealwright.vetting.formats.torch_zip import recognise

    if bytes(data[:6]) == MAGIC:
        return numpy_source.plan_npy(data)
    if is_legacy(data):
        return torch_source.plan_legacy(data, session)
    if bytes(data[:2]) == b"PK":
        archive = walk(data, session)
        if recognise(archive):
            return torch_source.plan_zip(archive)
        if npz.recognise(archive):
            return numpy_source.plan_npz(archive)
    raise Unsupported(
        "only torch checkpoints and NumPy arrays are converted",
        advice="a model of another kind is exported by the program that trained it",
    )


def _whole(path: Path, made: Plan, *, only_tensors: bool) -> None:
    """Refused where something would be lost that nobody agreed to lose."""
    if not made.tensors:
        raise Refused(f"{path}: it holds no tensor that can be written{_list(made.left)}")
    if made.left and not only_tensors:
        raise Refused(
            f"{path}: not everything in it is a tensor{_list(made.left)}",
            advice="--only-tensors leaves these out; without them it may not be the same model",
        )


def _list(left: tuple[Left, ...]) -> str:
    shown = ", ".join(f"{quoted(one.name)} is {one.what}" for one in left[:_LISTED])
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    return f": {shown}{more}" if shown else ""


def offers(paths: Iterable[Path], *, policy: Policy) -> tuple[Path, ...]:
    """Those of some files, which have passed a scan, that could be converted without loss."""
    from sealwright.vetting.scan import inspect

    found = []
    for path in list(paths)[:_OFFERED]:
        limits = Limits(operations=3_000_000, members=20_000, seconds=10.0)
        try:
            with opened(path) as (data, _):
                made = plan(data, Session(policy=policy, inspect=inspect, limits=limits))
                size = sum(tensor.size for tensor in made.tensors)
                if made.tensors and not made.left and size <= FACTOR * len(data) + BASE:
                    found.append(path)
        except (OSError, SealwrightError):
            continue
    return tuple(found)
