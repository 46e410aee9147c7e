"""Settings that objects keep: chat templates, names of code, and pickles in pieces of text."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.outcome import Outcome
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.configurations import look
from sealwright.vetting.pickle.machine import run
from sealwright.vetting.scan import scan_paths
from tests.vetting.examine import session
from tests.vetting.pickle.assemble import build, call, listed, mapped, name, new, several, text

TOKENIZER = "transformers.tokenization_utils_fast.PreTrainedTokenizerFast"
CONFIGURATION = "transformers.models.bert.configuration_bert.BertConfig"
INJECTED = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
ORDINARY = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}{% endfor %}"
ENDLESS = "{% for a in range(99999) %}" * 3 + "x" + "{% endfor %}" * 3


def scanned(body: bytes, folder: Path) -> Outcome:
    path = folder / "model.pkl"
    path.write_bytes(b"\x80\x04" + body + b".")
    return scan_paths([path], policy=builtin_policy(), strict=True)


def told(body: bytes, folder: Path) -> set[str]:
    return {seen.rule.id for seen in scanned(body, folder).observations}


def tokenizer(template: bytes) -> bytes:
    return build(new(name(TOKENIZER)), mapped(text("chat_template"), template))


PLACES = {
    "an attribute": tokenizer(text(INJECTED)),
    "an argument kept by the tokenizer": build(
        new(name(TOKENIZER)),
        mapped(text("init_kwargs"), mapped(text("chat_template"), text(INJECTED))),
    ),
    "one of several templates": tokenizer(
        listed(mapped(text("name"), text("tools"), text("template"), text(INJECTED)))
    ),
    "templates by name": tokenizer(mapped(text("tools"), text(INJECTED))),
    "a plain dict": mapped(text("chat_template"), text(INJECTED)),
    "a text that a call makes": tokenizer(call(name("builtins.str"), text(INJECTED))),
    "a text of numpy": tokenizer(new(name("numpy.str_"), text(INJECTED))),
    "a name that a call makes": mapped(
        call(name("builtins.str"), text("chat_template")), text(INJECTED)
    ),
    "a dict made of pairs": call(
        name("collections.OrderedDict"),
        listed(several(text("chat_template"), text(INJECTED))),
    ),
    "an item of an ordered dict": call(name("collections.OrderedDict"))
    + b"("
    + text("chat_template")
    + text(INJECTED)
    + b"u",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_template_that_reaches_internals_fails_wherever_it_is_kept(
    place: str, tmp_path: Path
) -> None:
    outcome = scanned(PLACES[place], tmp_path)
    assert outcome.verdict == "fail"
    assert "SW-JINJA-001" in {seen.rule.id for seen in outcome.observations}


def test_a_template_without_end(tmp_path: Path) -> None:
    assert told(tokenizer(text(ENDLESS)), tmp_path) == {"SW-JINJA-005"}


@pytest.mark.parametrize(
    "template",
    [
        text(ORDINARY),
        b"N",
        text("no template"),
        listed(mapped(text("name"), text("default"), text("template"), text(ORDINARY))),
    ],
)
def test_ordinary_templates_pass(template: bytes, tmp_path: Path) -> None:
    assert scanned(tokenizer(template), tmp_path).verdict == "pass"


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("evil/repo--modeling.Evil", "SW-HF-002"),
        ("modeling.Mine", "SW-HF-001"),
        ("../modeling.Mine", "SW-HF-004"),
    ],
)
def test_code_that_a_configuration_names(reference: str, rule: str, tmp_path: Path) -> None:
    state = mapped(text("auto_map"), mapped(text("AutoModel"), text(reference)))
    assert told(build(new(name(CONFIGURATION)), state), tmp_path) == {rule}


def test_a_configuration_without_code_passes(tmp_path: Path) -> None:
    state = mapped(text("model_type"), text("bert"), text("auto_map"), b"N")
    assert scanned(build(new(name(CONFIGURATION)), state), tmp_path).verdict == "pass"


@pytest.mark.parametrize(
    ("module", "verdict"), [("gensim.models.ldamulticore", "pass"), ("mine.models", "review")]
)
def test_the_module_of_a_topic_model(module: str, verdict: str, tmp_path: Path) -> None:
    state = mapped(text("topic_model_module_string"), text(module))
    made = build(new(name("gensim.models.ensemblelda.EnsembleLda")), state)
    assert scanned(made, tmp_path).verdict == verdict


class _Executes:
    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.system, ("id",)


def trial(*pieces: str, prefix: str = "cma:") -> bytes:
    """The attributes of a trial, with an optimizer in pieces."""
    attributes = [text(f"{prefix}generation"), text("0")]
    for place, piece in enumerate(pieces):
        attributes += [text(f"{prefix}optimizer:{place}"), text(piece)]
    return mapped(*attributes)


@pytest.mark.parametrize("prefix", ["cma:", "sepcma:", "cmawm:", "cma:restart_1:"])
@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
def test_an_optimizer_in_pieces_is_unpickled_by_the_sampler(
    prefix: str, protocol: int, tmp_path: Path
) -> None:
    held = pickle.dumps(_Executes(), protocol).hex()
    for at in (1, 7, 30):
        outcome = scanned(trial(held[:at], held[at:], prefix=prefix), tmp_path)
        assert outcome.verdict == "fail"


def test_pieces_out_of_order(tmp_path: Path) -> None:
    held = pickle.dumps(_Executes(), 4).hex()
    body = mapped(
        *(text("cma:optimizer:1"), text(held[9:])),
        *(text("cma:optimizer:0"), text(held[:9]), text("cma:optimizer"), text("00")),
    )
    assert scanned(body, tmp_path).verdict == "fail"


def test_optimizers_of_data_and_no_optimizers_pass(tmp_path: Path) -> None:
    held = pickle.dumps({"mean": 1.0, "sigma": 2.0}).hex()
    assert scanned(trial(held[:9], held[9:]), tmp_path).verdict == "pass"
    assert scanned(trial("no", "hexadecimal"), tmp_path).verdict == "pass"
    assert scanned(mapped(text("optimizer"), text("adam")), tmp_path).verdict == "pass"


def test_lists_that_many_objects_share_are_gone_through_once() -> None:
    shared = listed(*([several(text("a"), text("b"))] * 3_000)) + b"q\x00"
    ordered = name("collections.OrderedDict") + b"q\x01"
    body = b"(" + shared + ordered + b"h\x00\x85R" + b"h\x01h\x00\x85R" * 3_000 + b"l"
    work = Examining(Member(path="file", data=b"\x80\x04" + body + b"."), session())
    trace = run(work.data, session=work.session)
    before = work.session.operations
    look(trace, work)
    assert work.session.operations - before < 30_000
