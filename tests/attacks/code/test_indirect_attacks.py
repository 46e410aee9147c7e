"""Code that is hidden, handed over or borrowed does not pass; what only looks alike does."""

from __future__ import annotations

import pytest

from sealwright.vetting.code.sinks import Found, examine_source
from sealwright.vetting.interface import conclude
from tests.attacks.code.indirect_cases import INDIRECT, TWINS


@pytest.mark.parametrize("name", INDIRECT)
def test_an_indirect_attack_does_not_pass(name: str) -> None:
    source, rule = INDIRECT[name]
    found = Found()
    read = examine_source(source, found, where="train.py")
    assert rule in {seen.rule.id for seen in found.observations}
    assert conclude(found.observations, complete=read) != "pass"


@pytest.mark.parametrize("name", TWINS)
def test_its_honest_twin_passes(name: str) -> None:
    found = Found()
    assert examine_source(TWINS[name], found, where="train.py")
    assert conclude(found.observations, complete=True) == "pass", found.observations


def test_a_function_that_is_handed_over_counts_as_called_at_import() -> None:
    source = "import os, threading\nthreading.Thread(target=os.system, args=('id',)).start()"
    found = Found()
    assert examine_source(source, found, where="pkg/__init__.py")
    assert [seen.rule.id for seen in found.observations] == ["SW-CODE-119"]


def test_a_function_that_is_only_held_does_not() -> None:
    source = "import functools, subprocess\nrun = functools.partial(subprocess.run, check=True)"
    found = Found()
    assert examine_source(source, found, where="pkg/__init__.py")
    assert found.observations == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nf(" + ", ".join(["os.system"] * 200) + ")",
        "import os\nD = {'a': os.system}\n"
        + "D = {'a': D['a'], 'b': D['b']}\n" * 200
        + "D['a'](1)",
        "".join(f"a{i} = [a{i + 1}, a{i + 1}]\n" for i in range(99)) + "import os\nos.system(a0)",
        "".join(f"a{i} = a{i + 1} + a{i + 1}\n" for i in range(99)) + "exec(a0)",
        "exec(" * 80 + "x" + ")" * 80,
        "def f(x):\n    return f(f(f(x)))\n" + "f(f(f(exec)))\n" * 200,
    ],
    ids=["references", "dictionaries", "lists", "sums", "execs", "calls"],
)
def test_what_leads_in_circles_ends(source: str) -> None:
    assert examine_source(source, Found(), where="x.py")
