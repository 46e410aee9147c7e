"""The page of the drills: each as it is declared."""

from __future__ import annotations

from sealwright.cli.reference.markdown import document, table
from sealwright.drill.declaration import Declaration
from sealwright.drill.registry import DRILLS

_INTRODUCTION = """\
# Drills

`sealwright drill run` makes a throw-away installation with people, keys, data, a ledger and an
admitted model of its own, attacks a copy of it, and deletes everything. Your installation is not
touched, except that the signed result is added to its ledger. Every drill has a benign twin, the
same steps with nothing wrong, which must set off nothing.

The verdict is read from the throw-away installation's record by a correlation id:

- `prevented`: everything that was tried was stopped by something on record. Where something was not
  detected the result says so.
- `detected`: everything was prevented or detected, and something was not prevented.
- `missed`: something was neither. The evidence that rests on the control is stale from then on.
- `error`: it could not be carried out within its bounds; never a pass.

"""


def page() -> str:
    """Every drill as it is declared."""
    lines = _INTRODUCTION.splitlines()
    declared = [drill.declaration for drill in DRILLS]
    lines += ["", *table(
        ("drill", "title", "ATLAS", "controls"),
        (
            (
                f"[{each.id}](#{each.id.lower()})",
                each.title,
                ", ".join(each.atlas),
                ", ".join(f"`{name}`" for name in each.controls),
            )
            for each in declared
        ),
    )]  # fmt: skip
    for each in declared:
        lines += _section(each)
    return document(lines)


def _section(each: Declaration) -> list[str]:
    bounds = each.bounds
    requests = f", at most {bounds.requests} requests" if bounds.requests else ""
    serving = " It needs a serving installation, which it starts itself." * each.needs_serving
    return [
        *("", f"## {each.id}", "", f"**{each.title}.** {each.attack}{serving}", ""),
        f"- Benign twin: {each.twin}",
        f"- Expected prevention: {each.prevention}",
        f"- Expected detection: {each.detection}",
        f"- Clean-up: {each.cleanup}",
        f"- Bounds for each: {bounds.seconds} s, {bounds.megabytes} MiB{requests}.",
        f"- Rests on it: {', '.join(f'`{name}`' for name in each.controls)}.",
    ]
