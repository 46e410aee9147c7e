from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import gguf
from sealwright.vetting.formats.gguf_tables import BLOCKS, SMALLEST
from tests.attacks.tensors.gguf import ARRAY, STRING, U32, array, info, model, pair, text
from tests.vetting.examine import examine, rules, verdict


def test_a_small_model_is_accounted_for_to_the_last_byte() -> None:
    infos = (info("b", offset=32, shape=(3,)), info("a", shape=(2, 4)))
    data = model(
        pair("general.alignment", U32, struct.pack("<I", 32)),
        pair("names", ARRAY, struct.pack("<IQ", STRING, 2) + text("x") + text(b"\xff\xfe")),
        pair("flags", ARRAY, struct.pack("<IQ", 7, 3) + b"\x00\x01\x01"),
        infos=infos,
        data=bytes(32 + 12),
    )
    work = examine(gguf.FORMAT, data)
    assert verdict(work) == "pass"
    assert work.numbers == 44
    assert work.parsed == len(data) - 44


def test_the_last_tensor_may_be_padded() -> None:
    work = examine(gguf.FORMAT, model(infos=(info(shape=(3,)),), data=bytes(32)))
    assert verdict(work) == "pass"
    assert work.parsed + work.numbers == len(work.data)


def test_another_alignment_is_followed() -> None:
    pairs = pair("general.alignment", U32, struct.pack("<I", 64))
    infos = (info("a", shape=(3,)), info("b", offset=64))
    data = model(pairs, infos=infos, data=bytes(96), alignment=64)
    assert verdict(examine(gguf.FORMAT, data)) == "pass"


def test_version_1_and_the_future_are_inconclusive() -> None:
    for version in (1, 4):
        work = examine(gguf.FORMAT, model(version=version))
        assert rules(work) == {"SW-GGUF-006"}
        assert verdict(work) == "inconclusive"


def test_types_that_ggml_dropped_are_inconclusive() -> None:
    work = examine(gguf.FORMAT, model(infos=(info(kind=4),), data=bytes(32)))
    assert verdict(work) == "inconclusive"


def test_a_truth_value_is_0_or_1() -> None:
    assert rules(examine(gguf.FORMAT, model(pair("a", 7, b"\x02")))) == {"SW-GGUF-001"}
    array = struct.pack("<IQ", 7, 2) + b"\x01\x02"
    assert rules(examine(gguf.FORMAT, model(pair("a", ARRAY, array)))) == {"SW-GGUF-001"}


def test_an_ordinary_chat_template_passes() -> None:
    template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    data = model(pair("tokenizer.chat_template", STRING, text(template)))
    assert verdict(examine(gguf.FORMAT, data)) == "pass"


def test_every_block_is_larger_than_nothing() -> None:
    assert all(block > 0 and size > 0 for block, size in BLOCKS.values())
    assert all(size > 0 for size in SMALLEST.values())


@settings(max_examples=200, deadline=None)
@given(
    version=st.sampled_from((2, 3)),
    order=st.sampled_from("<>"),
    tensors=st.integers(0, 3),
    keys=st.integers(0, 3),
    rest=st.binary(max_size=200),
)
def test_arbitrary_models_end_in_a_verdict(
    version: int, order: str, tensors: int, keys: int, rest: bytes
) -> None:
    head = b"GGUF" + struct.pack(order + "IQQ", version, tensors, keys)
    work = examine(gguf.FORMAT, head + rest)
    assert work.numbers + work.parsed <= 2 * len(work.data)


def test_named_templates_and_the_list_of_their_names_pass() -> None:
    data = model(
        pair("tokenizer.chat_template", STRING, text("{{ messages[0].content }}")),
        pair("tokenizer.chat_templates", ARRAY, array(STRING, text("tool_use"), text("rag"))),
        pair("tokenizer.chat_template.tool_use", STRING, text("{{ messages[0].content }}")),
        pair("tokenizer.chat_template.rag", STRING, text("{{ messages[0].content }}")),
    )
    assert rules(examine(gguf.FORMAT, data)) == set()


def test_more_templates_than_are_examined_are_a_gap() -> None:
    texts = [text(str(number)) for number in range(100)]
    work = examine(
        gguf.FORMAT, model(pair("tokenizer.chat_templates", ARRAY, array(STRING, *texts)))
    )
    assert verdict(work) == "inconclusive"


def test_a_text_that_programs_evaluate_fails() -> None:
    harmless = pair("general.description", STRING, text("You {{ may }} evaluate the system"))
    assert verdict(examine(gguf.FORMAT, model(harmless, infos=(info(),), data=bytes(32)))) == "pass"
    bad = pair("general.description", STRING, text("__import__('os').system('echo a')"))
    work = examine(gguf.FORMAT, model(bad, infos=(info(),), data=bytes(32)))
    assert rules(work) == {"SW-DOC-004"}
