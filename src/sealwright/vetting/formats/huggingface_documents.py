"""Configurations of transformers, diffusers, PEFT and sentence-transformers, wherever they
stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.documents import walk_document
from sealwright.vetting.formats import huggingface_rules as rules
from sealwright.vetting.formats.huggingface_names import (
    escapes,
    examine_class,
    examine_module,
    examine_tokenizer_class,
    is_dotted,
)
from sealwright.vetting.formats.huggingface_pipelines import examine_pipeline
from sealwright.vetting.interface import DocumentCheck, Examining, Member, quoted

_MODULE = regex(
    r"sentence_transformers\.(?:models|(?:base|sentence_transformer|sparse_encoder|cross_encoder"
    r"|multi_vector_encoder)\.(?:modules|models))(?:\.[A-Za-z_]+)?\.(\w+)"
)
_MODULES = """
    Asym BoW CLIPModel CNN Dense Dropout LSTM LayerNorm Normalize Pooling Router StaticEmbedding
    Transformer WeightedLayerPooling WordEmbeddings WordWeights MLMTransformer SpladePooling
    SparseStaticEmbedding SparseAutoEncoder CSRSparsity IDF LogitScore MultiVectorMask TokenPooling
"""
_SENTENCE_MODULES = frozenset(_MODULES.split())
"""Classes of sentence-transformers 2 to 6."""
_IMPORTED = (
    *("activation_function", "activation_fn", "default_activation_function", "activation_fct"),
    *("sbert_ce_default_activation_function", "loss_function", "similarity_fn"),
)
_MEGATRON = "megatron.core"
_REFERENCE = regex(r"[\w.-]+(?:/[\w.-]+)?--")


def applies(value: Any, member: Member) -> bool:
    """Any object, and lists of objects."""
    return isinstance(value, dict) or (isinstance(value, list) and _is_modules(value))


def _is_modules(value: list[Any]) -> bool:
    """Whether it is the list of modules of a sentence-transformers model."""
    first = value[0] if value else None
    return isinstance(first, dict) and "type" in first and {"path", "idx"} & set(first) != set()


def examine(value: Any, examining: Examining) -> None:
    """Every object at every depth: some libraries put one configuration into another."""
    if isinstance(value, list):
        _sentence_modules(value, examining)
    for path, one in walk_document(value, examining.session):
        if one.get("template_format") == "jinja2":
            _template(f"{path}.template" if path else "template", one.get("template"), examining)
        for key in _KEYS & one.keys():
            _KEYED[key](f"{path}.{key}" if path else key, one[key], examining)
    if isinstance(value, dict):
        _router(value, examining)
        _megatron(value, examining)
        examine_pipeline(value, examining)


def references(value: Any) -> Iterator[str]:
    """Every `module.Class` of an auto_map or of custom pipelines."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            pending += [one["impl"]] if isinstance(one.get("impl"), str) else list(one.values())
        elif isinstance(one, list):
            pending += one


def _auto_map(path: str, value: Any, examining: Examining) -> None:
    for reference in sorted(set(references(value))):
        shown = f"{quoted(path)} names {quoted(reference)}"
        local = _REFERENCE.sub("", reference, count=1)
        if escapes(local):
            examining.find(rules.ESCAPE, shown)
        elif _REFERENCE.match(reference):
            examining.find(rules.FOREIGN_CODE, shown)
        else:
            examining.find(rules.OWN_CODE, shown)


def _custom_pipelines(path: str, value: Any, examining: Examining) -> None:
    implementations = (
        [one.get("impl") for one in value.values() if isinstance(one, dict)]
        if isinstance(value, dict)
        else []
    )
    _auto_map(path, [one for one in implementations if isinstance(one, str)], examining)


def _trusted(path: str, value: Any, examining: Examining) -> None:
    if value is True or (isinstance(value, str) and value.lower() in ("true", "1", "yes")):
        examining.find(rules.TRUSTED, quoted(path))


def _weight_map(path: str, value: Any, examining: Examining) -> None:
    files = set(value.values()) if isinstance(value, dict) and _texts(value) else {""}
    for name in sorted(files):
        if escapes(name):
            examining.find(rules.ESCAPE, f"{quoted(path)} holds {quoted(name)}")


def _texts(value: dict[str, Any]) -> bool:
    return all(isinstance(one, str) for one in value.values())


def _attention(path: str, value: Any, examining: Examining) -> None:
    if isinstance(value, str) and "/" in value:
        examining.find(rules.NATIVE_CODE, f"{quoted(path)} names {quoted(value)}")


def _base_model(path: str, value: Any, examining: Examining) -> None:
    if isinstance(value, str) and value:
        examining.find(rules.REMOTE_WEIGHTS, f"{quoted(path)} names {quoted(value)}")


def _auto_mapping(path: str, value: Any, examining: Examining) -> None:
    """PEFT: the library and class of the base model, imported by name."""
    if isinstance(value, dict) and isinstance(value.get("parent_library"), str):
        name = f"{value['parent_library']}.{value.get('base_model_class', '')}"
        if not re.fullmatch(r"(?:transformers|diffusers|timm|torch\.nn)(?:\.\w+)*\.[A-Z]\w+", name):
            examine_class(path, name, examining)


def _imported(path: str, value: Any, examining: Examining) -> None:
    if isinstance(value, str) and is_dotted(value):
        examine_class(path, value, examining)


def _sentence_modules(value: list[Any], examining: Examining) -> None:
    for index, one in enumerate(value):
        if not isinstance(one, dict):
            continue
        kind, path = one.get("type"), one.get("path")
        if isinstance(kind, str):
            _sentence_module(f"[{index}].type", kind, examining)
        if isinstance(path, str) and path and escapes(path):
            examining.find(rules.ESCAPE, f"'[{index}].path' is {quoted(path)}")


def _sentence_module(path: str, kind: str, examining: Examining) -> None:
    known = _MODULE.fullmatch(kind)
    if known is None or known[1] not in _SENTENCE_MODULES:
        examine_class(path, kind, examining)


def _router(value: dict[str, Any], examining: Examining) -> None:
    """sentence-transformers: modules by route, whose classes are imported by name."""
    types = value.get("types")
    if not isinstance(types, dict) or "structure" not in value:
        return
    for name, kind in types.items():
        if escapes(name):
            examining.find(rules.ESCAPE, f"'types' holds {quoted(name)}")
        if isinstance(kind, str):
            _sentence_module(f"types.{name}", kind, examining)


def _megatron(value: dict[str, Any], examining: Examining) -> None:
    """PEFT: the module that is imported for layers of Megatron."""
    name = value.get("megatron_core")
    if isinstance(name, str) and name != _MEGATRON and value.get("megatron_config") is not None:
        examine_module("megatron_core", name, examining)


def _tokenizer_class(path: str, value: Any, examining: Examining) -> None:
    if isinstance(value, str) and examining.member.name.endswith("config.json"):
        examine_tokenizer_class(path, value, examining)


def _template(path: str, value: Any, examining: Examining) -> None:
    from sealwright.vetting.formats.jinja import examine_template

    if isinstance(value, str):
        examine_template(value, examining, where=path)
    elif isinstance(value, dict):
        for name, text in value.items():
            _template(f"{path}.{name}", text, examining)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, dict):
                name = one.get("name")
                shown = name if isinstance(name, str) else str(index)
                _template(f"{path}.{shown}", one.get("template"), examining)


_Keyed = Callable[[str, Any, Examining], None]
_KEYED: dict[str, _Keyed] = {
    "auto_map": _auto_map,
    "custom_pipelines": _custom_pipelines,
    "trust_remote_code": _trusted,
    "weight_map": _weight_map,
    "attn_implementation": _attention,
    "_attn_implementation": _attention,
    "base_model_name_or_path": _base_model,
    "auto_mapping": _auto_mapping,
    "tokenizer_class": _tokenizer_class,
    "chat_template": _template,
    "chat_templates": _template,
    "default_chat_template": _template,
    **dict.fromkeys(_IMPORTED, _imported),
}
_KEYS = _KEYED.keys()

CHECK = DocumentCheck(
    id="huggingface",
    title="Hugging Face configurations",
    examines=(
        "Names of code in `auto_map`, custom pipelines, modules and model indexes; trust in remote "
        "code; paths of shards; kernels; chat templates. What code of the model does is examined "
        "where that code is."
    ),
    applies=applies,
    examine=examine,
    rules=rules.RULES,
)
