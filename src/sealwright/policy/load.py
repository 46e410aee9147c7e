"""Reads a policy from TOML and proves it monotone; what cannot be read or proved is refused.

A tier with `extends` takes over the requirements of a lower tier and may change them key by key.
Nothing rests on that being done well: the proof compares the finished tiers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from sealwright.errors import ConfigError, InputMissing, UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.governance import Tier
from sealwright.policy.model import TIERS, Policy, TierRules
from sealwright.policy.monotone import weakenings
from sealwright.policy.resolve import resolve
from sealwright.policy.tables import Document

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 12
BUILTIN_NAME: Final = "built-in policy"

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_REQUIRE = re.compile(r"tiers\.(\w+)\.require\[(\d+)\]")
_ADVICE = "the built-in policy shows every key that there is"


def load_policy(path: Path) -> Policy:
    """The policy in a TOML file.

    Raises InputMissing if it cannot be read, ConfigError (with the place) for wrong syntax, unknown
    keys, wrong types, missing tiers, or a tier that asks less than the one below it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}",
            advice="name the file in [governance] policy, or leave that out for the built-in one",
        ) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8 at byte {error.start}", file=path) from error
    return parse_policy(text, file=path)


@lru_cache(maxsize=1)
def builtin_text() -> str:
    """The built-in policy as one TOML text: its four files, from minimal to critical."""
    folder = resources.files("sealwright.policy") / "builtin"
    return "\n".join((folder / f"{tier}.toml").read_text(encoding="utf-8") for tier in TIERS)


@lru_cache(maxsize=1)
def builtin_policy() -> Policy:
    """The built-in policy, parsed and proved like any other."""
    return parse_policy(builtin_text(), file=BUILTIN_NAME)


def parse_policy(text: str, *, file: Path | str = "policy") -> Policy:
    """The policy that `text` declares; `file` is what errors call it. Errors as `load_policy`."""
    raw = _toml(text, file=file)
    try:
        tiers = resolve(msgspec.convert(raw, Document).tiers)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), raw), file=file, advice=_ADVICE) from error
    except UsageError as error:
        raise ConfigError(error.message, file=file, advice=error.advice or _ADVICE) from error
    _prove(tiers, file=file)
    return Policy(name=raw["name"], text=text, digest=sha256_hex(text.encode("utf-8")), tiers=tiers)


def _prove(tiers: Mapping[Tier, TierRules], *, file: Path | str) -> None:
    """ConfigError naming the tier and the rule if a tier asks less than the one below it."""
    for lower, upper in pairwise(TIERS):
        found = list(weakenings(lower=tiers[lower], upper=tiers[upper]))
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise ConfigError(
                f"tier `{upper}` asks less than `{lower}`: {found[0]}{more}",
                file=file,
                advice="a higher tier may only add; make it at least as strict, or relax both",
            )


def _toml(text: str, *, file: Path | str) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise ConfigError(f"longer than {MAX_BYTES} characters", file=file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, None)
        message = _PLACE.sub("", str(error)).replace("(at end of document)", "").strip()
        raise ConfigError(f"not TOML: {message}", file=file, line=line, column=column) from error
    except (RecursionError, ValueError) as error:
        # tomllib lets impossible dates and endless integers through as plain ValueErrors.
        raise ConfigError("not TOML: a value is out of range or nested too deep", file=file) from (
            error
        )
    if _depth(raw) > MAX_DEPTH:
        raise ConfigError(f"tables nested deeper than {MAX_DEPTH}", file=file)
    return raw


def _depth(value: Any, level: int = 0) -> int:
    """Levels of nesting; stops one past the limit."""
    if level > MAX_DEPTH or not isinstance(value, dict | list):
        return level
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(item, level + 1) for item in inner), default=level + 1)


def _explain(message: str, raw: Mapping[str, Any]) -> str:
    """msgspec's words with the key path first, and the requirement's id beside its number."""
    text, _, path = message.partition(" - at ")
    path = path.replace("`", "").removeprefix("key in ").removeprefix("$").strip(".")
    found = _REQUIRE.search(path)
    if found:
        # A requirement without an id has none to name; the path says where it stands.
        with suppress(KeyError, IndexError, TypeError):
            path += f" (requirement {raw['tiers'][found[1]]['require'][int(found[2])]['id']!r:.80})"
    text = text.replace("Object ", "").replace("`object`", "a table").replace("`array`", "a list")
    return f"{path}: {text}" if path else text
