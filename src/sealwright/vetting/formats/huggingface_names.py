"""Names in configurations: of files, which must stay in the model's folder, and of classes and
modules, which the loader imports.
"""

from __future__ import annotations

import re

from sealwright.patterns import regex
from sealwright.vetting.formats import huggingface_rules as rules
from sealwright.vetting.interface import Examining, quoted

_DOTTED = regex(r"(?:[^\W\d]\w*\.)+[^\W\d]\w*")
_TOKENIZERS = regex(r"(?:sentence_transformers|transformers)(?:\.\w+)*\.[A-Z]\w*")


def escapes(name: str) -> bool:
    """Whether a relative name leads elsewhere: absolute, upwards, an address, a drive, or no
    name.
    """
    parts = name.replace("\\", "/").split("/")
    return (
        not name
        or name.startswith(("/", "\\", "~"))
        or ".." in parts
        or "\0" in name
        or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", name) is not None
    )


def is_dotted(name: str) -> bool:
    """Whether it is a name within a module."""
    return _DOTTED.fullmatch(name) is not None


def examine_class(path: str, name: str, examining: Examining, *, known_only: bool = False) -> None:
    """A class that the loader imports. `known_only`: names that nobody knows are left alone."""
    from sealwright.vetting.targets import judge_name

    judged = judge_name(name, examining.session.policy)
    message = f"{quoted(path)} names {quoted(name)}{judged.because}"
    if judged.dangerous:
        examining.find(rules.DANGEROUS_CLASS, message)
    elif not judged.harmless and not known_only:
        examining.find(rules.UNKNOWN_CLASS, message)


def examine_tokenizer_class(path: str, name: str, examining: Examining) -> None:
    """The class of a tokenizer: a name of transformers, or one with its module before it, which
    sentence-transformers imports.
    """
    if is_dotted(name):
        examine_class(path, name, examining, known_only=bool(_TOKENIZERS.fullmatch(name)))


def examine_module(path: str, name: str, examining: Examining) -> None:
    """A module that the loader imports as a whole."""
    from sealwright.vetting.targets import judge_name

    judged = judge_name(f"{name}.any", examining.session.policy)
    message = f"{quoted(path)} names {quoted(name)}{judged.because}"
    examining.find(rules.DANGEROUS_CLASS if judged.dangerous else rules.MODULE, message)
