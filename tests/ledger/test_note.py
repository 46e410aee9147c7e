from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import LimitReached, MalformedError, SealwrightError, SignatureError
from sealwright.evidence.keys import LogKey, LogPublicKey
from sealwright.ledger.note import (
    decode_vkey,
    encode_vkey,
    open_note,
    parse_note,
    sign_note,
    verifier_key,
)

NAME = "example.org/log"
KEY = LogKey.generate()
VKEY = verifier_key(NAME, KEY.public)
NOTE = sign_note("hello\n", name=NAME, key=KEY)


def test_known_vkey_of_the_go_documentation() -> None:
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = decode_vkey(text)
    assert key.name == "PeterNeumann"
    assert encode_vkey(key) == text


def test_known_note_of_the_go_documentation() -> None:
    key = decode_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = (
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfq"
        "dngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert open_note(f"{text}\n{line}".encode(), [key]).text == text


def test_vkeys_that_are_refused() -> None:
    good = encode_vkey(VKEY)
    name, keyid, raw = good.split("+", 2)
    wrong_id = f"{name}+{'0' * 8}+{raw}"
    other = base64.b64encode(b"\x02" + KEY.public.raw).decode()
    for text in (
        wrong_id,
        "",
        good + " ",
        f"{name}+{keyid}+{other}",
        f"a b+{keyid}+{raw}",
        "+" * 3,
    ):
        with pytest.raises(MalformedError):
            decode_vkey(text)


def test_unknown_signatures_are_passed_over_and_known_bad_ones_are_not() -> None:
    stranger = LogKey.generate()
    line = sign_note("hello\n", name="other", key=stranger).split(b"\n\n", 1)[1]
    both = NOTE + line
    assert len(open_note(both, [VKEY]).signatures) == 1
    assert len(open_note(both, [VKEY, verifier_key("other", stranger.public)]).signatures) == 2
    bad = base64.b64encode(VKEY.keyid + b"\x00" * 64)
    forged = NOTE + "\u2014 ".encode() + NAME.encode() + b" " + bad + b"\n"
    with pytest.raises(SignatureError):
        open_note(forged, [VKEY])
    with pytest.raises(SignatureError):
        open_note(line_note := sign_note("hello\n", name="other", key=stranger), [VKEY])
    assert parse_note(line_note).text == "hello\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n",
        b"hello\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace("\u2014".encode(), b"-"),
        NOTE.replace(b"hello", b"hel\x00o"),
        NOTE.replace(b"hello", b"hel\xff"),
        NOTE.replace(b" " + NAME.encode(), b" ex ample"),
        b"\n" + NOTE.split(b"\n", 2)[2],
    ],
)
def test_malformed_notes(data: bytes) -> None:
    with pytest.raises(SealwrightError):
        open_note(data, [VKEY])


def test_base64_has_one_spelling() -> None:
    raw = base64.b64encode(VKEY.keyid + KEY.sign(b"hello\n")).decode()
    assert raw.endswith("=")
    stray = raw[:-2] + chr(ord(raw[-2]) + 1) + "="
    assert base64.b64decode(stray) == base64.b64decode(raw)
    for text in (stray, raw.rstrip("="), raw + "=", raw.replace("=", "")):
        with pytest.raises(MalformedError):
            open_note(NOTE.replace(raw.encode(), text.encode()), [VKEY])


@given(st.data())
def test_no_changed_byte_goes_unseen(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda b: b != NOTE[at]))
    with pytest.raises(SealwrightError):
        open_note(NOTE[:at] + bytes([value]) + NOTE[at + 1 :], [VKEY])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_parsed(data: bytes) -> None:
    try:
        note = parse_note(data)
    except (MalformedError, LimitReached):
        return
    assert note.signatures


def test_limits() -> None:
    with pytest.raises(LimitReached):
        parse_note(b"x" * 70_000)
    line = NOTE.split(b"\n\n", 1)[1]
    with pytest.raises(LimitReached):
        parse_note(NOTE + line * 64)
    with pytest.raises(MalformedError):
        sign_note("no newline", name=NAME, key=KEY)
    with pytest.raises(MalformedError):
        verifier_key("a+b", LogPublicKey(KEY.public.raw))
