"""Pipelines of diffusers: each part is a library, a class and, in modular pipelines, where the part
comes from.
"""

from __future__ import annotations

from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.formats import huggingface_rules as rules
from sealwright.vetting.formats.huggingface_names import escapes, examine_class
from sealwright.vetting.interface import Examining, quoted

_LIBRARIES = """
    diffusers transformers onnxruntime onnxruntime.training peft flax optimum flash_attn
    stable_diffusion stable_diffusion_safe stable_diffusion_xl latent_diffusion versatile_diffusion
    paint_by_example alt_diffusion altdiffusion deepfloyd_if audioldm audioldm2 kandinsky
    kandinsky2_2 semantic_stable_diffusion spectrogram_diffusion unclip unidiffuser wuerstchen
    stable_cascade blip_diffusion pixart_alpha score_sde_ve ddpm hunyuandit lumina musicldm shap_e
    flux onnx_utils
"""
_PIPELINES = frozenset(_LIBRARIES.split())
"""First parts of the pairs in a model_index.json: libraries, and modules of pipelines of
diffusers.
"""
_CLASS = regex(r"[A-Z]\w*")
_INDEX = "model_index.json"
_MARKS = ("_diffusers_version", "_class_name", "_blocks_class_name")


def examine_pipeline(value: dict[str, Any], examining: Examining) -> None:
    """The parts of a pipeline, where the configuration is one of diffusers."""
    if not any(mark in value for mark in _MARKS):
        return
    own = value.get("_class_name")
    if isinstance(own, list) and own and isinstance(own[0], str):
        examining.find(rules.OWN_CODE, f"'_class_name' names {quoted('.'.join(map(str, own)))}")
    for key, part in value.items():
        if key.startswith("_") or not isinstance(part, list):
            continue
        if len(part) == 2 and "_class_name" in value:
            _pair(key, part, examining, index=examining.member.name == _INDEX)
        elif len(part) == 3 and isinstance(part[2], dict):
            _pair(key, part[:2], examining, index=True)
            _origin(key, part[2], examining)


def _pair(key: str, pair: list[Any], examining: Examining, *, index: bool) -> None:
    """A library and a class. `index`: lists of two texts are nothing else there."""
    if not all(isinstance(one, str) for one in pair):
        return
    library = pair[0]
    if library in _PIPELINES or library.split(".")[0] in ("diffusers", "transformers"):
        return
    if escapes(key) or escapes(library):
        examining.find(rules.ESCAPE, f"{quoted(key)} is loaded from {quoted(library)}")
    elif index or not all(map(_CLASS.fullmatch, pair)):
        examine_class(key, ".".join(pair), examining)
    else:
        # In the configuration of a part two names of classes are its kinds of blocks.
        examine_class(key, ".".join(pair), examining, known_only=True)


def _origin(key: str, described: dict[str, Any], examining: Examining) -> None:
    """Where a part of a modular pipeline comes from, and the class that it must have."""
    hint = described.get("type_hint")
    if isinstance(hint, list) and len(hint) == 2:
        _pair(f"{key}.type_hint", hint, examining, index=True)
    for name in ("repo", "pretrained_model_name_or_path"):
        place = described.get(name)
        if isinstance(place, str) and place:
            examining.find(rules.REMOTE_PART, f"{quoted(key)} is taken from {quoted(place)}")
