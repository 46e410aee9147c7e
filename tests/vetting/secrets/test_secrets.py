"""Secrets are found, and told by type and place alone; ordinary repositories are quiet."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sealwright.evidence.statement import encode_statement
from sealwright.phases.model.scan import scan_secrets
from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.secrets import check, engine
from sealwright.vetting.secrets.assigned import assigned
from sealwright.vetting.secrets.check import CHECK
from tests.vetting.onnx_files import clock

LETTERS = "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"
HUB = "hf_" + LETTERS
GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
PASSWORD = "Tr0ub4dor&" + "3xKz!"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + base64.encodebytes(random.Random(1).randbytes(600)).decode()
    + "-----END RSA PRIVATE KEY-----\n"
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled rules, made once: it takes the detector seconds."""
    return tmp_path_factory.getbasetemp() / "secret-rules"


Seen = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def seen(cache: Path) -> Seen:
    return partial(_seen, cache)


def _seen(cache: Path, **files: str | bytes) -> list[tuple[str, str]]:
    members = tuple(
        Member(path=name.replace("__", "."), data=text.encode() if isinstance(text, str) else text)
        for name, text in files.items()
    )
    found = check.examine(members, cache=cache)
    assert found.examined == {member.path for member in members}
    told = repr(found)
    for secret in (HUB, LETTERS, GITHUB, PASSWORD, KEY.splitlines()[1]):
        assert secret not in told
    return [(one.rule.id, one.finding.location) for one in found.observations]


def test_secrets_are_told_by_place_and_never_shown(seen: Seen) -> None:
    found = seen(
        a__py=f'import os\ntoken = "{HUB}"\n',
        b__yaml=f"github: {GITHUB}\n",
        c__pem=KEY,
        d__py=f'password = "{PASSWORD}"\n',
        e__env="URL=postgresql://admin:S3cr3tPassw0rd9x@db.internal:5432/prod\n",
    )
    assert found == [
        ("SW-SEC-001", "a.py:2"),
        ("SW-SEC-001", "b.yaml:1"),
        ("SW-SEC-001", "c.pem:1"),
        ("SW-SEC-003", "d.py:1"),
        ("SW-SEC-002", "e.env:1"),
    ]


def test_no_comment_silences_the_detector(seen: Seen) -> None:
    texts = [
        f'x = "{HUB}"  # {word}\n' for word in ("nosec", "kingfisher:ignore", "gitleaks:allow")
    ]
    assert len(seen(a__py="".join(texts))) == 3


def test_a_notebook_is_searched_with_its_outputs_by_cell(seen: Seen) -> None:
    picture = base64.b64encode(random.Random(2).randbytes(60_000)).decode()
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", f'login("{HUB}")\n'], "outputs": []},
        {"cell_type": "markdown", "source": "hello"},
        {
            "cell_type": "code",
            "source": "show()",
            "outputs": [{"data": {"image/png": picture, "text/plain": [f"key {GITHUB}\n"]}}],
        },
    ]
    data = json.dumps({"nbformat": 4, "cells": cells})
    assert seen(n__ipynb=data) == [
        ("SW-SEC-001", "n.ipynb#cell-1"),
        ("SW-SEC-001", "n.ipynb#cell-3"),
    ]
    assert seen(n__ipynb='{"broken": ') == []


def test_ordinary_repositories_are_quiet(seen: Seen) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    locked = "".join(
        f"p{n}==1.0 \\\n    --hash=sha256:{hashlib.sha256(str(n).encode()).hexdigest()}\n"
        for n in range(200)
    )
    letters = random.Random(3)
    vocabulary = {
        "".join(
            letters.choices("abcdefghijklmnopqrstuvwxyzABC0123456789", k=letters.randint(2, 30))
        ): n
        for n in range(5_000)
    }
    commit = digest[:40]
    assert not seen(
        requirements__txt=locked,
        tokenizer__json=json.dumps({"model": {"vocab": vocabulary}, "unk_token": "[UNK]"}),
        config__json=json.dumps({"_commit_hash": commit, "sha256": digest, "model_type": "bert"}),
        README__md='Set HF_TOKEN=<your token>, password: "changeme", api_key="your-key-here"\n',
        train__py=(
            'import os\npassword = os.environ["PASSWORD"]\ntoken = getpass()\n'
            'pad_token = "<|endoftext|>"\nsecret_name = "prod/db"\n'
            f'REVISION = "{commit}"\naccess_token: str = ""\n'
            'tokenizer.add_special_tokens({"mask_token": "[MASK]"})\n'
        ),
        data__lock=json.dumps({"md5": digest[:32], "etag": commit}),
    )


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        (f'db_password = "{PASSWORD}"', True),
        ("api_key: '9f8e7d6c5b4a39281706f5e4d3c2b1a0'", True),
        (f'{{"client_secret": "{PASSWORD}"}}', True),
        ('password = "changeme123"', False),
        ('api_key = "YOUR_API_KEY_HERE"', False),
        ('secret = "${VAULT_VALUE_9x8}"', False),
        ('password_field = "input-password-2"', False),
        ('access_token = "aaaaaaaaaaaaaaaa"', False),
        ('passphrase = "correct_horse_battery"', False),
        ("password = " + "'" + "x" * 3_000 + "'", False),
    ],
)
def test_names_that_say_secret(line: str, hit: bool) -> None:
    assert bool(list(assigned(line))) is hit


def test_fingerprints_tell_secrets_apart_within_one_scan_only(cache: Path) -> None:
    text = f"{HUB} {GITHUB} {HUB}".encode()
    first, again = engine.look([text, text], cache=cache), engine.look([text], cache=cache)
    assert not isinstance(first, str)
    assert not isinstance(again, str)
    prints = [place.fingerprint for place in first[0].places]
    assert len(set(prints)) == 2
    assert {len(one) for one in prints} == {engine.SHORT}
    assert [p.fingerprint for p in first[1].places] == prints
    assert not {p.fingerprint for p in again[0].places} & set(prints)


def test_without_the_detector_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "DISTRIBUTION", "not-installed-anywhere")
    found = CHECK.examine((Member(path="a", data=b"x"),))
    assert [one.rule.id for one in found.observations] == ["SW-SEC-010"]
    assert conclude(found.observations, complete=bool(found.examined)) == "inconclusive"
    assert CHECK.engine()["version"] == ""


@pytest.mark.parametrize(("name", "value"), [("TIMEOUT", 0.01), ("MAX_REPORT", 1)])
def test_a_detector_that_does_not_finish_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, cache: Path, name: str, value: float
) -> None:
    monkeypatch.setattr(engine, name, value)
    found = check.examine((Member(path="a", data=HUB.encode()),), cache=cache)
    assert [one.rule.id for one in found.observations] == ["SW-SEC-011"]
    assert found.examined == frozenset()


def test_what_is_too_large_is_not_searched(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(check, "MAX_FILE", 10)
    files = (Member(path="a", data=b"x" * 11), Member(path="b", data=b"x"))
    found = check.examine(files, cache=cache)
    assert [(o.rule.id, o.finding.location) for o in found.observations] == [("SW-SEC-011", "a")]
    assert found.examined == {"b"}
    assert CHECK.examine(()).observations == ()


def test_the_statement_holds_no_secret(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "train.py").write_text(f'login(token="{HUB}")\n')
    said = scan_secrets([tmp_path], clock=clock, cache=cache)
    assert (said.predicate.kind, said.predicate.result) == ("secret", "failed")
    assert LETTERS.encode() not in encode_statement(said)
    (tmp_path / "train.py").write_text("x = 1\n")
    assert scan_secrets([tmp_path], clock=clock, cache=cache).predicate.result == "passed"
