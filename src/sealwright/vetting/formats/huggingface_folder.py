"""How the files of a Hugging Face folder belong together: code that is named, shards that are
listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sealwright.errors import MalformedError
from sealwright.vetting.code.sink_rules import RULES as CODE_RULES
from sealwright.vetting.documents import parse_json
from sealwright.vetting.formats import huggingface_rules as rules
from sealwright.vetting.formats.huggingface_documents import references
from sealwright.vetting.formats.huggingface_names import escapes
from sealwright.vetting.formats.imported_code import Imported
from sealwright.vetting.formats.run_by_name import holds_weights, is_meant
from sealwright.vetting.interface import DirectoryCheck, Examining, Listing, quoted

_MARKS = (
    *("config.json", "tokenizer_config.json", "model_index.json", "modules.json"),
    *("adapter_config.json", "preprocessor_config.json", "processor_config.json"),
)
_INDEX = ".index.json"
_GENERATE = "custom_generate/generate.py"
_RUN_BY_NAME = {
    _GENERATE: frozenset(("generate",)),
    "handler.py": frozenset(("EndpointHandler",)),
    "pipeline.py": frozenset(("PreTrainedPipeline",)),
}
"""What generation, and serving on endpoints, import; and what they take from it."""
_OTHERS_HAVE_IT = "config.json"
"""The one of the marks that programs of all kinds have as well."""
_MAX_CONFIG = 16 * 1024 * 1024
_LISTED = 20


def _here(listing: Listing) -> list[str]:
    """Files of this folder itself."""
    return [name for name in listing.members if "/" not in name]


def applies(listing: Listing) -> bool:
    """A folder with one of the usual configurations, an index of shards, or code that is run
    because of its name.
    """
    return any(name in listing.members for name in _RUN_BY_NAME) or any(
        name in _MARKS or name.endswith(_INDEX) for name in _here(listing)
    )


def examine(listing: Listing, examining: Examining) -> None:
    """Follows what the configurations name."""
    imported = Imported(listing, examining)
    _own_code(imported)
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
            _code(value, member.path, imported)
        elif isinstance(value, list):
            _sentence_modules(value, imported)


def _own_code(imported: Imported) -> None:
    """Code that programs run because of its name alone."""
    listing = imported.listing
    model = holds_weights(listing) or any(
        name in listing.members for name in _MARKS if name != _OTHERS_HAVE_IT
    )
    for name, takes in _RUN_BY_NAME.items():
        # What is called pipeline.py is often the pipeline of a library, which a call names.
        anyhow = name == _GENERATE or (model and name == "handler.py")
        hidden = name != "pipeline.py"
        if name in listing.members and is_meant(
            name, listing, takes=takes, anyhow=anyhow, hidden=hidden
        ):
            message = f"the file {quoted(name)} is run because of its name"
            place = listing.members[name]().path
            imported.examining.find(rules.OWN_CODE, message, location=place)
            imported.examine(name, on_path=name != _GENERATE)


def _shards(value: dict[str, Any], listing: Listing, place: str, examining: Examining) -> None:
    shards = value.get("weight_map")
    if not isinstance(shards, dict):
        return
    named = sorted({one for one in shards.values() if isinstance(one, str) and not escapes(one)})
    missing = [name for name in named if name not in listing.members]
    # An index may describe weights of a kind that was not fetched at all.
    other_kind = len(missing) == len(named) and holds_weights(listing)
    if not other_kind:
        _missing(missing, place, examining)


def _missing(names: list[str], place: str, examining: Examining) -> None:
    for name in names[:_LISTED]:
        examining.find(rules.MISSING, f"the shard {quoted(name)} is not there", location=place)


def _code(value: dict[str, Any], place: str, imported: Imported) -> None:
    """Examines the modules that are imported by name, as code that somebody else's program
    imports.
    """
    for module in sorted(set(_modules((value.get("auto_map"), value.get("custom_pipelines"))))):
        name = f"{module}.py"
        if name in imported.listing.members:
            imported.examine(name, on_path=False)
            continue
        message = f"the module {quoted(name)} is not there"
        imported.examining.find(rules.MISSING, message, location=place)


def _sentence_modules(value: list[Any], imported: Imported) -> None:
    """sentence-transformers: classes of the model's own, by module."""
    for one in value:
        kind = one.get("type") if isinstance(one, dict) else None
        module = kind.rpartition(".")[0].replace(".", "/") if isinstance(kind, str) else ""
        if module and f"{module}.py" in imported.listing.members:
            imported.examine(f"{module}.py", on_path=True)


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
