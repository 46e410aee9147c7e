"""`sealwright serve` as a command: what it says, and when it does not begin."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cli.console import PROGRAM, Console
from tests.serving_house import house, houses_of_serving
from tests.serving_running import all_gone, finish, start

__all__ = ["house", "houses_of_serving"]


def signers(house: Path, who: str) -> None:
    Console(house).replace(
        "sealwright.toml",
        ('deployment = "front"', f'deployment = "{who}"'),
    )


def test_help_shows_an_example(tmp_path: Path) -> None:
    said = Console(tmp_path)("serve", "--help").out
    assert "sealwright serve" in said
    assert "Example" in said


def test_text_tells_where_it_is_reached(house: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "serve"], cwd=house, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as popen:
        assert popen.stdout is not None
        first, second = popen.stdout.readline(), popen.stdout.readline()
        popen.send_signal(signal.SIGINT)
        rest, errors = popen.communicate(timeout=60)
    assert first.startswith("serving small ")
    assert "at http://127.0.0.1:" in first
    assert second.startswith("operators: http://127.0.0.1:")
    assert (rest, errors, popen.returncode) == ("", "", 0)


def test_nothing_released_is_no_error(house: Path) -> None:
    console = Console(house)
    console("revoke", "model", "--reason", "to have nothing", "--as", "olga")
    running = start(house)
    try:
        known = running.children
        assert running.started["models"] == []
        status, _, said = running.operate("/readyz")
        assert (status, said["checks"]["model"], said["checks"]["ledger"]) == (503, False, True)
        assert running.stop() == 0
        assert all_gone(known)
    finally:
        finish(running)


@pytest.mark.parametrize(
    ("who", "code", "words"),
    [
        ("sam", 1, "it takes the role operator or owner or gateway to serve"),
        ("nobody", 2, "there is no principal"),
    ],
)
def test_a_signer_who_may_not_serve_is_refused(
    house: Path, who: str, code: int, words: str
) -> None:
    signers(house, who)
    answer = Console(house).spawn("serve")
    assert answer.code == code, str(answer)
    assert words in answer.err


def test_a_signer_whose_key_is_elsewhere_is_told(house: Path) -> None:
    (house / ".sealwright/keys/front.pem").rename(house / "front.pem")
    answer = Console(house).spawn("serve")
    assert answer.code == 3, str(answer)
    assert "the key of front is not here" in answer.err


def test_a_taken_admin_port_is_told(house: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        Console(house).replace(
            "sealwright.toml", ('admin = "127.0.0.1:0"', f'admin = "127.0.0.1:{port}"')
        )
        answer = Console(house).spawn("serve")
    assert answer.code == 2, str(answer)
    assert "operators cannot be listened to there" in answer.err
    assert "Traceback" not in answer.err
