"""`sealwright ledger`: show, verify, export and prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, mark, styled

if TYPE_CHECKING:
    from sealwright.evidence.verify import Verified
    from sealwright.project.audit import Audit


@click.group(epilog="Example: sealwright ledger verify audit --trust trust.json")
def group() -> None:
    """Show, verify, export and prove the ledger."""


@group.command("show", epilog="Example: sealwright ledger show 12")
@click.argument("index", type=int, required=False)
@click.option("--kind", help="Only statements of this kind, as `evaluation`.")
@shared
def show(
    index: int | None, kind: str | None, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """List the entries, or show one whole."""
    import json

    import msgspec

    with opened(folder, passphrase_file) as project:
        if index is not None:
            item = project.entry(index)
            value = {**_row(item), "predicate": msgspec.to_builtins(item.predicate)}
            lines = [_line(item)]
            lines += [f"  subject {s.name} {s.sha256}" for s in item.statement.subjects]
            lines += json.dumps(value["predicate"], indent=2, ensure_ascii=True).splitlines()
            emit(value, lines, style=style)
            return
        chosen = [item for item in project.evidence() if kind in (None, item.kind)]
        emit([_row(item) for item in chosen], map(_line, chosen), style=style)


def _row(item: Verified) -> dict[str, object]:
    from sealwright.clock import format_time
    from sealwright.policy.readings import result_of

    return {
        "index": item.index,
        "kind": item.kind,
        "result": result_of(item.predicate),
        "signer": item.principal.id,
        "at": format_time(item.at),
        "envelope": item.digest,
        "subjects": [{"name": s.name, "digest": s.sha256} for s in item.statement.subjects],
    }


def _line(item: Verified) -> str:
    from sealwright.policy.readings import kind_of, result_of

    sort = kind_of(item.predicate)
    what = item.kind + (f" {sort}" if sort else "")
    subject = item.statement.subjects[0]
    result = result_of(item.predicate) or ""
    return (
        f"{item.index:4}  {item.at:%Y-%m-%d %H:%M:%S}  {what:34.34} {result:12} "
        f"{subject.name[:20]:20} {subject.sha256[:12]}  by {item.principal.id}"
    )


@group.command("verify", epilog="Example: sealwright ledger verify audit --trust trust.json")
@click.argument("export", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The trust root that you chose: a copy of trust.json that you kept.",
)
@shared
def verify(
    export: Path | None,
    trust: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Verify the project's ledger, or an EXPORTed folder with nothing but a trust file.

    Checks the log's signature, every leaf, tile, envelope and signer, and computes every decision
    of the gate again from the evidence. Exit code 4 names what does not hold.
    """
    from sealwright.project import audit
    from sealwright.project.core import read_trust

    if trust is not None:
        read_trust(trust)  # what is no trust root is told by its name before anything is examined
    if export is not None:
        if trust is None:
            raise click.UsageError(
                "an exported folder is verified with --trust FILE: a trust root that you got "
                "from somebody you trust, not from the folder"
            )
        found = audit.verify_export(export, trust=trust)
    else:
        with opened(folder, passphrase_file) as project:
            found = audit.verify_project(project, trust=trust)
    emit(_summary(found), _audit_lines(found), style=style)
    if not found.ok:
        raise click.exceptions.Exit(4)


def _summary(found: Audit) -> dict[str, object]:
    head = found.report.checkpoint
    return {
        "verified": found.ok,
        "size": head.size if head else None,
        "root": head.root.hex() if head else None,
        "trust_version": found.report.trust.root.version if found.report.trust else None,
        "findings": [str(finding) for finding in found.findings],
        "decisions": found.decisions,
    }


def _audit_lines(found: Audit) -> Iterator[str]:
    head = found.report.checkpoint
    for finding in found.findings:
        yield f" {mark('failed')} {finding}"
    if not found.ok or head is None:
        yield styled("NOT VERIFIED", fg="red", bold=True)
        return
    signers = {item.principal.id for item in found.report.entries}
    yield f" {mark('passed')} checkpoint of {head.tree.origin}: {head.size} entries"
    yield f" {mark('passed')} every leaf, tile, envelope and signature ({len(signers)} signers)"
    yield f" {mark('passed')} {found.decisions} decisions of the gate, computed again"
    yield styled("VERIFIED", fg="green", bold=True)


@group.command("export", epilog="Example: sealwright ledger export audit")
@click.argument("target", type=click.Path(path_type=Path))
@shared
def export_command(target: Path, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Write the ledger as a static folder that anybody can verify offline."""
    from sealwright.ledger.export import export

    with opened(folder, passphrase_file) as project:
        head = export(project.ledger, target, trust=project.layout.trust.read_bytes())
        emit(
            {"folder": target, "size": head.size, "root": head.root.hex()},
            [
                f"{target}: {head.size} entries",
                f"verify: sealwright ledger verify {target} --trust FILE",
            ],
            style=style,
        )


@group.command("prove", epilog="Example: sealwright ledger prove 12 --out entry-12.tlog-proof")
@click.argument("index", type=int)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here.")
@click.option("--since", type=int, help="Also prove that the tree grew from this size.")
@shared
def prove(
    index: int,
    out: Path | None,
    since: int | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Prove that an entry is in the ledger (C2SP tlog-proof)."""
    from sealwright.files import write_output
    from sealwright.ledger.proof import encode_proof

    with opened(folder, passphrase_file) as project:
        project.entry(index)
        head = project.ledger.head()
        data = encode_proof(project.ledger.prove_inclusion(index, size=head.size), head)
        value: dict[str, object] = {"index": index, "size": head.size, "proof": data.decode()}
        lines = data.decode().rstrip("\n").split("\n")
        if since is not None:
            grown = project.ledger.prove_consistency(since, new=head.size)
            value["consistency"] = [item.hex() for item in grown.hashes]
            lines += ["", f"consistent with size {since}:", *(h.hex() for h in grown.hashes)]
        if out is not None:
            write_output(out, data)
            lines = [f"{out}: entry {index} of {head.size}"]
        emit(value, lines, style=style)
