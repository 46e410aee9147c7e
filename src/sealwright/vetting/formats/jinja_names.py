"""Names that lead from a plain value to the inside of Python, and the pieces of them."""

from __future__ import annotations

import re

from sealwright.patterns import regex

_NAMES = """
    abstractmethods annotations base bases bool build_class builtins call class closure code
    context contains debug defaults delattr delitem dict dir doc enter exit file format func get
    getattr getattribute getitem globals import index init init_subclass instancecheck iter
    kwdefaults len loader metaclass missing module mro name new next objclass package path prepare
    qualname reduce reduce_ex repr reversed self set setattr setitem setstate sizeof slots spec str
    subclasscheck subclasses subclasshook text_signature thisclass traceback weakref wrapped
    | func_globals func_code func_closure func_defaults im_func im_self im_class gi_frame gi_code
    gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code f_globals f_builtins f_locals f_back
    f_code tb_frame tb_next co_code co_consts co_names _TemplateReference__context
    | class globals builtins subclasses mro getattribute init import bases
"""
_DUNDER, _PLAIN, _CORES = (frozenset(names.split()) for names in _NAMES.split("|"))
_EITHER = r"__(?:" + "|".join(sorted(_DUNDER)) + r")__|" + "|".join(sorted(_PLAIN))
FORBIDDEN = regex(rf"(?<![A-Za-z0-9_])(?:{_EITHER})(?![A-Za-z0-9_])")
_WHOLE = frozenset(f"__{name}__" for name in _DUNDER)


def forbidden_name(text: str) -> str:
    """The first forbidden name in a text, forwards or backwards; empty if there is none."""
    for one in (text, text[::-1]):
        found = FORBIDDEN.search(one) if "_" in one and len(one) < 1 << 16 else None
        if found:
            return found.group()
    return ""


def part_of_a_name(text: str) -> bool:
    """Whether a text is the beginning or the end of a forbidden name: `__cla`, `ss__`."""
    if not 4 <= len(text) <= 24 or not re.fullmatch(r"__[a-z_]+|[a-z_]+__", text):
        return False
    return any(name.startswith(text) or name.endswith(text) for name in _WHOLE)


def core_of_a_name(text: str) -> bool:
    """Whether only the underscores are missing: `class`."""
    return text in _CORES
