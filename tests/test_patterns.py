"""Regular expressions that are compiled late."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import sealwright.vetting
from sealwright.patterns import regex


class TestRegex:
    def test_is_as_if_it_were_compiled(self) -> None:
        late = regex(r"(\w+)=(\d+)", re.IGNORECASE)
        assert late.sub(r"\2", "a=1, b=2") == "1, 2"
        assert [found[1] for found in late.finditer("a=1 b=2")] == ["a", "b"]
        assert late.flags & re.IGNORECASE
        assert regex(rb"\d+").fullmatch(b"12") is not None

    def test_a_wrong_one_fails_at_its_first_use(self) -> None:
        late = regex("(")
        with pytest.raises(re.error):
            late.match("(")

    def test_all_of_the_product_are_right(self) -> None:
        """Nothing else would tell before a file comes that needs it."""
        found = 0
        for module in pkgutil.walk_packages(sealwright.vetting.__path__, "sealwright.vetting."):
            if not module.name.endswith("__main__"):
                for value in vars(importlib.import_module(module.name)).values():
                    if type(value) is type(regex("")):
                        assert isinstance(value.pattern, str | bytes)
                        found += 1
        assert found > 100
