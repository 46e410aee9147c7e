"""Several processes on one file, and kill -9 at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sealwright.evidence.dsse import decode_envelope, encode_envelope
from sealwright.ledger.audit import audit
from sealwright.ledger.ledger import Ledger
from tests.ledger.house import create, envelopes, house, reopen, trust_file

TRIALS = int(os.environ.get("SEALWRIGHT_KILL_TRIALS", "10"))

# Appends what stands in a file, one envelope per line, from several threads; says each index that
# was acknowledged. Standard output is written with one call per line: what was acknowledged and
# seen by nobody does not count against the ledger.
CHILD = """
import os, sys, threading
from base64 import b64decode
from pathlib import Path
from sealwright.evidence.dsse import decode_envelope
from sealwright.evidence.keys import LogKey, PublicKey
from sealwright.ledger.ledger import Ledger
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

path, lines, key, public, threads = sys.argv[1:]
log_key = LogKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)))
public_key = PublicKey.from_der(bytes.fromhex(public))
work = [decode_envelope(line) for line in Path(lines).read_bytes().splitlines()]
ledger = Ledger.open(Path(path), log_key=log_key)
os.write(1, b"open\\n")

def client(number):
    for envelope in work[number::int(threads)]:
        receipt = ledger.append(envelope, public_key=public_key)
        os.write(1, b"%d %s\\n" % (receipt.index, receipt.leaf_hash.hex().encode()))

clients = [threading.Thread(target=client, args=(n,)) for n in range(int(threads))]
for thread in clients:
    thread.start()
for thread in clients:
    thread.join()
ledger.close()
"""


def _start(
    folder: Path, *, name: str, first: int, stop: int, threads: int
) -> subprocess.Popen[bytes]:
    lines = folder / f"{name}.lines"
    lines.write_bytes(b"\n".join(encode_envelope(e) for e in envelopes(stop)[first:stop]))
    private = house().log_key.private.private_bytes_raw().hex()
    arguments = [folder / "ledger.db", lines, private, house().key.public.der.hex(), str(threads)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)], stdout=subprocess.PIPE
    )


def _acknowledged(output: bytes) -> dict[int, str]:
    """Index → leaf hash, of whole lines."""
    lines = output.split(b"\n")[:-1]
    pairs = [line.decode().split() for line in lines if line != b"open"]
    return {int(index): leaf for index, leaf in pairs}


def _kill_at(child: subprocess.Popen[bytes], *, seconds: float) -> bytes:
    """Kills it so long after it opened the ledger; what it had said by then."""
    assert child.stdout is not None
    output = child.stdout.readline()
    assert output == b"open\n"
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    output += child.stdout.read()
    child.wait()
    child.stdout.close()
    return output


def _holds(ledger: Ledger, acknowledged: dict[int, str]) -> None:
    hashes = [entry.leaf_hash.hex() for entry in ledger.entries()]
    for index, leaf in acknowledged.items():
        assert hashes[index] == leaf


@pytest.mark.timeout(60 + 10 * TRIALS)
def test_kill_nine_loses_nothing_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    acknowledged: dict[int, str] = {}
    folder = tmp_path
    for trial in range(TRIALS):
        if trial % 10 == 0:  # a new ledger now and then, since each one is audited as a whole
            folder, acknowledged = tmp_path / str(trial), {}
            folder.mkdir()
            create(folder, 1).close()
        child = _start(folder, name="work", first=1, stop=300, threads=8)
        acknowledged |= _acknowledged(_kill_at(child, seconds=chance.uniform(0.0, 0.25)))
        with reopen(folder) as ledger:
            # The tree as found is whole: opening signs and publishes what was cut short.
            assert ledger.head().size == ledger.store.state().size
            assert ledger.head().size > max(acknowledged, default=0)
            _holds(ledger, acknowledged)
            report = audit(ledger, trust=trust_file())
            assert report.findings == ()
    assert acknowledged, "every trial was killed before its first append"


def test_two_processes_append_side_by_side(tmp_path: Path) -> None:
    create(tmp_path, 1).close()
    children = [
        _start(tmp_path, name="one", first=1, stop=60, threads=3),
        _start(tmp_path, name="two", first=60, stop=120, threads=3),
    ]
    places: dict[int, str] = {}
    for child in children:
        output, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        found = _acknowledged(output)
        assert not places.keys() & found.keys()
        places |= found
    assert sorted(places) == list(range(1, 120))
    with reopen(tmp_path) as ledger:
        _holds(ledger, places)
        assert audit(ledger, trust=trust_file()).ok
        assert decode_envelope(trust_file()) == ledger.entry(0).envelope


def test_two_openings_in_one_process_take_turns(tmp_path: Path) -> None:
    create(tmp_path, 1).close()
    public = house().key.public
    with reopen(tmp_path) as one, reopen(tmp_path) as two:
        for number, envelope in enumerate(envelopes(30)[1:], 1):
            receipt = (one if number % 3 else two).append(envelope, public_key=public)
            assert receipt.index == number
        assert one.head() == two.head()
        assert audit(one, trust=trust_file()).ok
