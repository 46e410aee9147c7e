"""Names of archive entries: where they lead when somebody unpacks them, and which are the same
file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from sealwright.patterns import regex

_DRIVE = regex(r"^[A-Za-z]:")
_CONTROL = regex(r"[\x00-\x1f\x7f]")
Item = TypeVar("Item", bound=Hashable)


def leads_outside(name: str) -> str:
    """Why unpacking a file of this name could write outside the folder, or nothing."""
    plain = name.replace("\\", "/")
    if plain.startswith("/"):
        return "it is absolute"
    if _DRIVE.match(plain):
        return "it names a drive"
    if ".." in plain.split("/"):
        return "it climbs with .."
    return ""


def unprintable(name: str) -> str:
    """Why no ordinary file has this name, or nothing."""
    found = _CONTROL.search(name)
    if found is None:
        return ""
    return f"it holds the control character {ord(found.group()):#04x}"


def link_leads_outside(name: str, target: str) -> bool:
    """Whether a symbolic link `name` -> `target` leaves the archive's root."""
    plain = target.replace("\\", "/")
    if plain.startswith("/") or _DRIVE.match(plain):
        return True
    depth = len([part for part in name.split("/")[:-1] if part not in ("", ".")])
    for part in plain.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False


def same_file(name: str) -> str:
    """A key that two names share if some reader or file system takes them for one file."""
    plain = name.partition("\0")[0].replace("\\", "/")
    if not plain.isascii():
        import unicodedata  # a megabyte that plain names do not need

        plain = unicodedata.normalize("NFC", plain)
    if "//" in plain or "./" in plain or plain.endswith("/."):
        parts = [part for part in plain.split("/") if part not in ("", ".")]
        plain = "/".join(parts) + ("/" if plain.endswith("/") else "")
    return plain


def repeated(names: Iterable[tuple[str, Item]]) -> Iterator[tuple[str, str, Item, bool]]:
    """(name, earlier name, item, by case only) of every name that stands for an earlier one's
    file."""
    exact: dict[str, str] = {}
    folded: dict[str, str] = {}
    for name, item in names:
        key = same_file(name)
        loose = key.casefold()
        if key in exact:
            yield name, exact[key], item, False
        elif loose in folded:
            yield name, folded[loose], item, True
        exact.setdefault(key, name)
        folded.setdefault(loose, name)
