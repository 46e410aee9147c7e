"""Durable appends per second: the ledger against one SQLite commit per append and raw syncs.

    python bench/ledger.py [--seconds 3] [--folder DIR] [--clients 1 16 128]

All of it on the same disk in the same run. Each client is a thread that waits for one append
before the next. Envelopes are signed and verified beforehand, which is not the ledger's work;
`ours, checking` verifies each signature inside `append`, too. `SQLite` (WAL, synchronous=FULL)
inserts the same leaf and envelope with one commit each: once with a connection per client, once
with all clients taking turns on one. The ratio is against the faster of the two.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sealwright.clock import format_time, system_clock
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import LogKey, PublicKey, SigningKey
from sealwright.evidence.predicates.governance import Principal, TrainingCompletion, TrustRoot
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.trust import Trust, load_trust
from sealwright.evidence.verify import Verified, verify
from sealwright.ledger.leaf import build_leaf, envelope_bytes
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.note import encode_vkey, verifier_key

Append = Callable[[int, Verified], object]

ORIGIN = "bench.example/log"
_LOG_KEY = LogKey.generate()
_SYSTEM = (subject("system", "0" * 64),)


def make_trust(key: SigningKey) -> Trust:
    """A trust root that knows one key."""
    principal = Principal(
        id="bench",
        key=b64encode(key.public.der).decode(),
        roles=("root",),
        not_before="2020-01-01T00:00:00Z",
        not_after="2099-01-01T00:00:00Z",
    )
    root = TrustRoot(
        version=1,
        log=encode_vkey(verifier_key(ORIGIN, _LOG_KEY.public)),
        people=(),
        principals=(principal,),
        at=format_time(system_clock()),
    )
    return load_trust(encode_envelope(sign_statement(Statement(_SYSTEM, root), key)))


def make_evidence(count: int, key: SigningKey) -> list[Verified]:
    """Different small statements, signed and verified."""
    now, trust = format_time(system_clock()), make_trust(key)
    statements = (
        TrainingCompletion(person=f"p{i}", course="c" * 200, score=90, expires=now, at=now)
        for i in range(count)
    )
    return [verify(sign_statement(Statement(_SYSTEM, s), key), trust) for s in statements]


def measure(append: Append, *, evidence: Sequence[Verified], clients: int, seconds: float) -> float:
    """Appends per second of `clients` threads."""
    stop = threading.Event()
    done = [0] * clients
    start = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        start.wait()
        for item in evidence[number::clients]:
            if stop.is_set():
                return
            append(number, item)
            done[number] += 1

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds and all(t.is_alive() for t in threads):
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def ours(stack: ExitStack, folder: Path, *, public: PublicKey, checking: bool) -> Append:
    """The ledger, Merkle work, checkpoints and pin included."""
    ledger = stack.enter_context(Ledger.create(folder / "ledger", origin=ORIGIN, log_key=_LOG_KEY))
    if checking:
        return lambda _, item: ledger.append(item.envelope, public_key=public)
    return lambda _, item: ledger.append(item, public_key=public)


def plain(stack: ExitStack, folder: Path, *, public: PublicKey, connections: int) -> Append:
    """SQLite as one would use it: one transaction per append."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            folder / "plain.db", isolation_level=None, timeout=60, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        stack.callback(connection.close)
        return connection

    pool = [connect() for _ in range(connections)]
    pool[0].execute("CREATE TABLE log (id INTEGER PRIMARY KEY, leaf BLOB, envelope BLOB)")
    turn = threading.Lock()

    def append(client: int, item: Verified) -> None:
        row = (build_leaf(item.envelope, public), envelope_bytes(item.envelope))
        if connections == 1:
            with turn:
                pool[0].execute("INSERT INTO log (leaf, envelope) VALUES (?, ?)", row)
        else:
            pool[client].execute("INSERT INTO log (leaf, envelope) VALUES (?, ?)", row)

    return append


def raw(stack: ExitStack, folder: Path, *, public: PublicKey) -> Append:
    """The same bytes at the end of one file, and fdatasync."""
    descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stack.callback(os.close, descriptor)

    def append(_: int, item: Verified) -> None:
        row = build_leaf(item.envelope, public) + envelope_bytes(item.envelope)
        os.write(descriptor, row)
        os.fdatasync(descriptor)

    return append


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--evidence", type=int, default=40_000, help="envelopes made beforehand")
    options = parser.parse_args()
    key = SigningKey.generate()
    evidence, public = make_evidence(options.evidence, key), key.public

    def run(make: Callable[[ExitStack, Path], Append], clients: int) -> float:
        with tempfile.TemporaryDirectory(dir=options.folder) as name, ExitStack() as stack:
            append = make(stack, Path(name))
            return measure(append, evidence=evidence, clients=clients, seconds=options.seconds)

    columns = ["clients", "ours", "ours, checking", "SQLite shared", "SQLite each", "raw sync"]
    print(" | ".join([*columns, "ours / SQLite", "ours / raw"]))
    for clients in options.clients:
        rates = [
            run(lambda s, f: ours(s, f, public=public, checking=False), clients),
            run(lambda s, f: ours(s, f, public=public, checking=True), clients),
            run(lambda s, f: plain(s, f, public=public, connections=1), clients),
            run(partial(plain, public=public, connections=clients), clients),
            run(lambda s, f: raw(s, f, public=public), clients),
        ]
        cells = [f"{clients:7d}"]
        cells += [f"{r:{len(c)},.0f}" for r, c in zip(rates, columns[1:], strict=True)]
        cells += [f"{rates[0] / max(rates[2:4]):13.1f}", f"{rates[0] / rates[4]:10.1f}"]
        print(" | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
