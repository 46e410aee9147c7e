"""`sealwright model`: scan, sign, verify and review models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import TerminalProgress, emit, mark

if TYPE_CHECKING:
    from sealwright.evidence.manifest import Artifact


@click.group(epilog="Example: sealwright model verify")
def group() -> None:
    """Scan, sign and verify the model that training wrote."""


@group.command("scan", epilog="Example: sealwright model scan")
@shared
def scan(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Scan the model's files and put the result on record. Exit code 1 unless it passes."""
    from sealwright.evidence.predicates.model import Scan
    from sealwright.project.steps.model import scan_model

    with opened(folder, passphrase_file) as project:
        done = scan_model(project, TerminalProgress())
        (recorded,) = done.evidence
        said = recorded.predicate
        assert isinstance(said, Scan)
        lines = [
            f" {mark(said.result)} {said.result}: {said.coverage.files} files, "
            f"{said.coverage.bytes_parsed} of {said.coverage.bytes_total} bytes parsed "
            f"(entry {recorded.index})"
        ]
        lines += [f"    {f.severity}: {f.message} ({f.location})" for f in said.findings]
        lines += [f"    not examined: {name}" for name in said.coverage.not_examined]
        emit({"index": recorded.index, "scan": said}, lines, style=style)
        if said.result == "inconclusive":
            raise click.exceptions.Exit(3)
        if said.result == "failed":
            raise click.exceptions.Exit(1)


@group.command("sign", epilog="Example: sealwright model sign --as mina")
@shared
@signer
def sign(
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Sign the model's files (OpenSSF Model Signing v1.0): on record, and as a bundle."""
    from sealwright.project.steps.model import bundle_path, sign_model

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        done = sign_model(project, signer=principal)
        bundle = bundle_path(project, signer=principal)
        emit(
            {"index": done.evidence[0].index, "bundle": bundle},
            [f"signed (entry {done.evidence[0].index}); bundle: {bundle}"],
            style=style,
        )


@group.command("verify", epilog="Example: sealwright model verify --bundle model.sig --path model")
@click.option(
    "--path", type=click.Path(path_type=Path), help="The model's folder (default: training's)."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An OMS bundle (default: the signature of the model last signed, from the ledger).",
)
@shared
def verify(
    path: Path | None, bundle: Path | None, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Check the model's files against their signature, by an engineer's or owner's key.

    Names each file that was changed, added, renamed or removed, also where an earlier model was put
    back. Exit code 4 if anything differs, 1 if the model was revoked, retired or quarantined.
    """
    from sealwright.errors import InputMissing
    from sealwright.project.custody import check_bundle, check_last

    with opened(folder, passphrase_file) as project:
        place = path or project.layout.root / project.lifecycle.training.output
        if bundle is None:
            found = check_last(project, place)
        else:
            try:
                data = bundle.read_bytes()
            except OSError as error:
                raise InputMissing(f"{bundle}: {error.strerror}") from error
            found = check_bundle(project, place, data)
        emit(
            {
                "verified": True,
                "model": found.artifact.digest,
                "files": found.artifact.files,
                "keyid": found.key.keyid,
                "bundle": bundle,
            },
            [f" {mark('passed')} {place}: as signed, {_files(found.artifact)}"],
            style=style,
        )


@group.command(
    "review",
    epilog="Example: sealwright model review model --against 1a2b3c4d --as sam --reason '...'",
)
@click.argument("candidate")
@click.option("--against", "serving", required=True, help="The model that serves: its digest.")
@click.option("--reason", required=True, help="Why it is as it should be, or what is not.")
@shared
@signer
def review(
    candidate: str,
    serving: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Sign the security review of CANDIDATE, a model that was trained anew.

    Says what differs from the serving model in data, findings, metrics and dependencies, as the
    ledger has it. Exit code 1 where an examination of the candidate failed, 3 where something is
    not known; the review is on record all the same.
    """
    from sealwright.evidence.predicates.monitoring import RetrainingReview
    from sealwright.project.resolve import resolve
    from sealwright.project.retraining import sign_review

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = sign_review(
            project,
            resolve(project, candidate),
            resolve(project, serving),
            signer=principal or project.signer_for("monitoring"),
            reason=reason,
        )
        said = recorded.predicate
        assert isinstance(said, RetrainingReview)
        lines = [f" {mark(said.result)} {said.result} (entry {recorded.index})"]
        lines += [f"    look at: {line}" for line in said.concerns]
        lines += [f"    not known: {line}" for line in said.unknown]
        lines.append(
            f"    compared: {len(said.data)} data sets, {len(said.metrics)} metrics; new: "
            f"{len(said.findings_added)} findings; changed: {len(said.dependencies)} dependencies"
        )
        emit({"index": recorded.index, "review": said}, lines, style=style)
        if said.result in ("failed", "inconclusive"):
            raise click.exceptions.Exit(1 if said.result == "failed" else 3)


def _files(artifact: Artifact) -> str:
    count = len(artifact.files)
    return "1 file" if count == 1 else f"{count} files"
