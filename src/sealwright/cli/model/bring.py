"""`sealwright model import`: a model from outside, into quarantine first."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import TerminalProgress, emit, mark
from sealwright.errors import InputMissing, LimitReached
from sealwright.evidence.keys import PublicKey

if TYPE_CHECKING:
    from sealwright.evidence.manifest import Artifact
    from sealwright.project.imports import PublisherSignature

_KEY_BYTES = 64 * 1024
_BUNDLE_BYTES = 16 * 1024 * 1024
_MAX_LISTED = 20


@click.command(
    epilog="Example: sealwright model import ~/Downloads/bert --name base "
    "--from https://example.org/bert --revision 4f2c1a9 --licence Apache-2.0"
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the model is called here.")
@click.option("--from", "source", required=True, help="Where it was taken from.")
@click.option("--revision", required=True, help="Which version there: a commit, a tag.")
@click.option("--licence", required=True, help="Its licence, as an SPDX id where there is one.")
@click.option("--publisher", default="", help="Who answers for it there.")
@click.option(
    "--signature",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The publisher's OpenSSF Model Signing bundle.",
)
@click.option(
    "--publisher-key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The publisher's public key (PEM), from a source other than the model's. May be repeated.",
)
@shared
@signer
def command(
    path: Path,
    name: str,
    source: str,
    revision: str,
    licence: str,
    publisher: str,
    signature: Path | None,
    keys: tuple[Path, ...],
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Bring in the model at PATH: copied into quarantine, scanned, put on record, judged.

    Nothing uses it before the gate admits it for import. Approve with `sealwright approve NAME
    --for import`, then run `sealwright model admit NAME`. Exit code 0 when it is admitted, 1 when
    it is not (yet), 3 where the scan could not conclude, 4 where the publisher's signature does not
    hold.
    """
    from sealwright.cli.model.admit import tell
    from sealwright.evidence.predicates.model import Scan
    from sealwright.project.imports import Origin, bring_in, has_place

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        brought = bring_in(
            project,
            path,
            name=name,
            origin=Origin(source=source, revision=revision, licence=licence, publisher=publisher),
            signature=_signature(path, signature, keys),
            signer=principal or project.signer_for("training"),
            progress=TerminalProgress(),
        )
        scan = brought.scan.predicate
        assert isinstance(scan, Scan)
        lines = [
            f"{name} {brought.model.digest[:16]}: {len(brought.model.files.files)} files in "
            f"quarantine, on record (entry {brought.record.index})",
            f" {mark(scan.result)} scan: {scan.result}, {len(scan.findings)} findings "
            f"(entry {brought.scan.index})",
        ]
        lines += [
            f"    {f.rule} {f.severity}: {f.message} ({f.location})"
            for f in scan.findings[:_MAX_LISTED]
        ]
        if len(scan.findings) > _MAX_LISTED:
            lines.append(f"    and {len(scan.findings) - _MAX_LISTED} more; --format json has all")
        offered = _offers(brought.model.files) if scan.result in ("passed", "warned") else {}
        lines += [
            f"    {each} can be converted without loss: sealwright model convert "
            f"{shlex.quote(str(place))} -o OUT.safetensors"
            for each, place in offered.items()
        ]
        data = {
            "model": brought.model.digest,
            "record": brought.record.index,
            "scan": scan,
            "convertible": list(offered),
            "has_place": has_place(project, name),
        }
        if not has_place(project, name):
            lines.append(
                f" {mark('warned')} the project names no place for {name}: add `{name} = "
                f'"outside/{name}"` under [training.models], or nothing will use it'
            )
        answer, told = tell(brought.asked, brought.placed, name)
        emit(data | answer, [*lines, *told], style=style)
        if scan.result == "inconclusive":
            raise click.exceptions.Exit(3)
        if not brought.asked.verdict.admitted:
            raise click.exceptions.Exit(1)


def _offers(copy: Artifact) -> dict[str, Path]:
    """Files of the model that could be safetensors, by their name within it; where each lies in
    quarantine: what was downloaded is not read again."""
    from sealwright.vetting.convert.convert import offers
    from sealwright.vetting.packs.load import builtin_policy

    root = copy.root
    assert root is not None
    found = offers([root / entry.path for entry in copy.files], policy=builtin_policy())
    return {each.relative_to(root).as_posix(): each for each in found}


def _signature(
    path: Path, bundle: Path | None, keys: tuple[Path, ...]
) -> PublisherSignature | None:
    """The bundle that was named, with the keys that were; UsageError for keys without a bundle."""
    from sealwright.project.imports import PublisherSignature

    if bundle is None:
        if keys:
            raise click.UsageError("--publisher-key needs --signature: a key checks a bundle")
        return None
    inside = bundle.resolve()
    within = inside.is_relative_to(path.resolve()) and path.is_dir()
    return PublisherSignature(
        bundle=_read(bundle, _BUNDLE_BYTES),
        keys=tuple(PublicKey.from_pem(_read(key, _KEY_BYTES)) for key in keys),
        inside=inside.relative_to(path.resolve()).as_posix() if within else "",
    )


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}") from error
    if len(data) > most:
        raise LimitReached(f"{path}: more than {most} bytes", advice="is it the right file?")
    return data
