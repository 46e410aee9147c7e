"""How the files of a Hugging Face folder belong together: code that is named, shards that are
listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sealwright.errors import MalformedError
from sealwright.vetting.code.sink_rules import RULES as CODE_RULES
from sealwright.vetting.code.sinks import examine_source
from sealwright.vetting.documents import parse_json
from sealwright.vetting.formats import huggingface_rules as rules
from sealwright.vetting.formats.huggingface_documents import escapes, references
from sealwright.vetting.interface import DirectoryCheck, Examining, Listing, quoted

_MARKS = (
    *("config.json", "tokenizer_config.json", "model_index.json", "modules.json"),
    *("adapter_config.json", "preprocessor_config.json", "processor_config.json"),
)
_INDEX = ".index.json"
_RUN_BY_NAME = {"custom_generate/generate.py": b"def generate", "handler.py": b"EndpointHandler"}
"""What generation, and serving on endpoints, import; and what must stand in it."""
_MAX_CONFIG = 16 * 1024 * 1024
_LISTED = 20


def _here(listing: Listing) -> list[str]:
    """Files of this folder itself."""
    return [name for name in listing.members if "/" not in name]


def applies(listing: Listing) -> bool:
    """A folder with one of the usual configurations, or an index of shards."""
    return any(name in _MARKS or name.endswith(_INDEX) for name in _here(listing))


def examine(listing: Listing, examining: Examining) -> None:
    """Follows what the configurations name."""
    _own_code(listing, examining)
    for name in sorted(_here(listing)):
        if name not in _MARKS and not name.endswith(_INDEX):
            continue
        member = listing.members[name]()
        if len(member.data) > _MAX_CONFIG:
            continue  # the scan of the file itself says so
        try:
            value = parse_json(member.data, examining.session)
        except MalformedError:
            continue
        if isinstance(value, dict):
            _shards(value, listing, member.path, examining)
            _code(value, listing, member.path, examining)


def _own_code(listing: Listing, examining: Examining) -> None:
    """Code that programs run because of its name alone."""
    for name, mark in _RUN_BY_NAME.items():
        if name in listing.members:
            member = listing.members[name]()
            if mark in bytes(member.data):
                message = f"the file {quoted(name)} is run because of its name"
                examining.find(rules.OWN_CODE, message, location=member.path)


def _shards(value: dict[str, Any], listing: Listing, place: str, examining: Examining) -> None:
    shards = value.get("weight_map")
    if not isinstance(shards, dict):
        return
    named = sorted({one for one in shards.values() if isinstance(one, str) and not escapes(one)})
    missing = [name for name in named if name not in listing.members]
    # An index may describe weights of a kind that was not fetched at all.
    other_kind = len(missing) == len(named) and any(_is_weights(name) for name in _here(listing))
    if not other_kind:
        _missing(missing, place, examining)


def _missing(names: list[str], place: str, examining: Examining) -> None:
    for name in names[:_LISTED]:
        examining.find(rules.MISSING, f"the shard {quoted(name)} is not there", location=place)


def _is_weights(name: str) -> bool:
    return name.endswith(
        (".safetensors", ".bin", ".h5", ".msgpack", ".pt", ".pth", ".gguf", ".onnx")
    )


def _code(value: dict[str, Any], listing: Listing, place: str, examining: Examining) -> None:
    """Examines the modules that are imported by name, as code that somebody else's program
    imports.
    """
    for module in sorted(set(_modules((value.get("auto_map"), value.get("custom_pipelines"))))):
        name = f"{module}.py"
        if name not in listing.members:
            examining.find(rules.MISSING, f"the module {quoted(name)} is not there", location=place)
            continue
        member = listing.members[name]()
        examine_source(bytes(member.data), examining, where=member.path, imported=True)


def _modules(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        for reference in references(value):
            module = reference.rpartition(".")[0].replace(".", "/")
            if "--" not in reference and module and not escapes(module):
                yield module


CHECK = DirectoryCheck(
    id="huggingface-folder",
    title="Hugging Face folder",
    examines=(
        "That every shard of an index is there, and the Python modules that configurations name, "
        "as code that is imported while the model is loaded."
    ),
    applies=applies,
    examine=examine,
    rules=(*rules.RULES, *CODE_RULES),
)
