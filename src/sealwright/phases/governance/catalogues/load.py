"""Reads the catalogues that come with the product: who asks for what, in our own words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from sealwright.errors import UsageError
from sealwright.evidence.digest import sha256_hex

FRAMEWORKS: Final = (
    "eu-ai-act",
    "nist-ai-rmf",
    "iso-42001",
    "owasp-ml",
    "owasp-llm",
    "owasp-agentic",
    "owasp-ai-exchange",
    "mitre-atlas",
)
"""Names that `[governance] frameworks` and the command line take."""

How = Literal["auto", "assisted", "human"]
"""auto: the system produces the evidence; assisted: it drafts, a person completes and signs;
human: a person writes it, the system holds, hashes and dates it."""


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One control, obligation, technique or mitigation."""

    id: str
    text: str
    """In our own words, or the name where names may be quoted."""
    group: str = ""
    role: str = ""
    """EU AI Act: provider, deployer or both."""
    how: How = "auto"
    evidence: tuple[str, ...] = ()
    """Classes of evidence that speak for it, see `classes`."""
    applies_from: str = ""
    """First day on which it is due; empty where it always is."""
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    """ATLAS mitigations: what they mitigate."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One framework."""

    id: str
    title: str
    source: str
    licence: str
    date: str
    """Of the text that it follows."""
    verification: str
    """What was compared with the source, and what was not."""
    controls: tuple[Control, ...]


class Safeguard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One safeguard that this product exists for."""

    id: str
    text: str
    system: str
    """The part of the product that provides it."""
    controls: dict[str, tuple[str, ...]]
    """Framework → ids of controls that ask for it; `other` holds frameworks without a catalogue."""
    evidence: tuple[str, ...]
    drills: tuple[str, ...]


class Safeguards(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The product's own list."""

    id: str
    title: str
    source: str
    licence: str
    date: str
    verification: str
    rows: tuple[Safeguard, ...]


@cache
def catalogue(name: str) -> Catalogue:
    """One framework's catalogue; UsageError for a name that is not in `FRAMEWORKS`.

    Controls that name no classes of evidence of their own take those of the safeguards that refer
    to them.
    """
    if name not in FRAMEWORKS:
        raise UsageError(
            f"there is no catalogue {name!r:.80}", advice=f"there are {', '.join(FRAMEWORKS)}"
        )
    found = msgspec.json.decode(_data(name), type=Catalogue)
    referring = _referring(name)
    return msgspec.structs.replace(
        found,
        controls=tuple(
            each
            if each.evidence
            else msgspec.structs.replace(each, evidence=referring.get(each.id, ()))
            for each in found.controls
        ),
    )


@cache
def safeguards() -> Safeguards:
    """The safeguards that this product exists for."""
    return msgspec.json.decode(_data("requirements"), type=Safeguards)


def catalogue_digest(name: str) -> str:
    """sha256 of the catalogue as it comes with the product; a report names it."""
    return sha256_hex(_data(name))


def _referring(name: str) -> dict[str, tuple[str, ...]]:
    """Control id → classes of evidence of the safeguards that name it."""
    found: dict[str, dict[str, None]] = {}
    for row in safeguards().rows:
        for control in row.controls.get(name, ()):
            found.setdefault(control, {}).update(dict.fromkeys(row.evidence))
    return {control: tuple(classes) for control, classes in found.items()}


@cache
def _data(name: str) -> bytes:
    folder = resources.files("sealwright.phases.governance.catalogues")
    return (folder / f"{name}.json").read_bytes()
