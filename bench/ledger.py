"""Durable appends per second: the ledger against one SQLite commit per append and raw syncs.

    python bench/ledger.py [--seconds 3] [--folder DIR] [--clients 1 16 128] [--repeat 3]
                           [--sync-ms MS]

All of it on the same disk in the same run. Each client is a thread that waits for one append
before the next. Envelopes are signed and verified beforehand, which is not the ledger's work;
`ours, checking` verifies each signature inside `append`, too. `SQLite` (WAL, synchronous=FULL)
inserts the same leaf and envelope with one commit each: once with a connection per client, once
with all clients taking turns on one. The ratio is against the faster of the two.

Group commit saves syncs, so the ratio depends on what a sync costs. Two tables: the disk as it is,
and a simulated slow one, where every fsync and fdatasync of the process, SQLite's, ours and the raw
ones alike, takes 6 ms more than it does (`slow_sync.c`; needs a C compiler). `--sync-ms MS` makes
the simulated table alone, with MS; `--sync-ms 0` the disk as it is alone.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import sqlite3
import statistics
import subprocess
import sys
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
SLOW_MS = 6.0
"""Milliseconds that the simulated disk adds: about 160 syncs per second, a small cloud disk's."""

_SLOW_ENV = "SLOW_SYNC_MS"
_SLOW_SOURCE = Path(__file__).with_name("slow_sync.c")
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
    """Appends per second of `clients` threads, until one has nothing left or time is up."""
    stop = threading.Event()
    done = [0] * clients
    start = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        start.wait()
        try:
            for item in evidence[number::clients]:
                if stop.is_set():
                    return
                append(number, item)
                done[number] += 1
        finally:
            stop.set()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    stop.wait(seconds)
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


def run_slowed(sync_ms: float, arguments: Sequence[str]) -> None:
    """Runs this benchmark again in a process whose syncs take `sync_ms` longer."""
    with tempfile.TemporaryDirectory() as name:
        library = Path(name, "slow_sync.so")
        build = ["cc", "-shared", "-fPIC", "-O2", "-o", library, _SLOW_SOURCE, "-ldl"]
        subprocess.run([str(word) for word in build], check=True)
        environment = os.environ | {_SLOW_ENV: str(sync_ms), "LD_PRELOAD": str(library)}
        again = [sys.executable, __file__, *arguments, "--sync-ms", str(sync_ms)]
        subprocess.run(again, env=environment, check=True)


def check_slowed(folder: Path | None) -> None:
    """Stops the run unless SQLite's syncs and ours are among the slowed ones."""
    count = ctypes.CDLL(None).slow_sync_count
    count.restype = ctypes.c_ulong
    with tempfile.TemporaryDirectory(dir=folder) as name, ExitStack() as stack:
        key = SigningKey.generate()
        (item,) = make_evidence(1, key)
        for make in (partial(plain, connections=1), raw, partial(ours, checking=False)):
            append = make(stack, Path(name), public=key.public)
            before = count()
            append(0, item)
            if count() == before:
                sys.exit(f"{make}: its syncs are not slowed, the table would be wrong")


def sync_ms(folder: Path | None) -> float:
    """What one small fdatasync takes: median of 50, milliseconds."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            os.write(file.fileno(), bytes(512))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - begun))
    return statistics.median(took)


def print_table(options: argparse.Namespace) -> None:
    """Measures and prints one table."""
    key = SigningKey.generate()
    evidence, public = make_evidence(options.evidence, key), key.public
    gc.collect()
    gc.freeze()  # the evidence is no garbage to search for, in anybody's column

    def run(make: Callable[[ExitStack, Path], Append], clients: int) -> float:
        with tempfile.TemporaryDirectory(dir=options.folder) as name, ExitStack() as stack:
            append = make(stack, Path(name))
            return measure(append, evidence=evidence, clients=clients, seconds=options.seconds)

    print(f"one fdatasync: {sync_ms(options.folder):.2f} ms; medians of {options.repeat} rounds")
    columns = ["clients", "ours", "ours, checking", "SQLite shared", "SQLite each", "raw sync"]
    print(" | ".join([*columns, "ours / SQLite", "(rounds)", "ours / raw"]))
    for clients in options.clients:
        makes = (
            partial(ours, public=public, checking=False),
            partial(ours, public=public, checking=True),
            partial(plain, public=public, connections=1),
            partial(plain, public=public, connections=clients),
            partial(raw, public=public),
        )
        rounds = [[run(make, clients) for make in makes] for _ in range(options.repeat)]
        rates = [statistics.median(cell) for cell in zip(*rounds, strict=True)]
        each = " ".join(f"{r[0] / max(r[2:4]):.1f}" for r in rounds)
        cells = [f"{clients:7d}"]
        cells += [f"{r:{len(c)},.0f}" for r, c in zip(rates, columns[1:], strict=True)]
        cells += [f"{rates[0] / max(rates[2:4]):13.1f}", f"({each})"]
        print(" | ".join([*cells, f"{rates[0] / rates[4]:10.1f}"]), flush=True)


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to measure")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--repeat", type=int, default=1, help="rounds per line, for the median")
    parser.add_argument("--evidence", type=int, default=40_000, help="envelopes made beforehand")
    parser.add_argument("--sync-ms", type=float, default=None, help="see above")
    options = parser.parse_args()
    wanted: float | None = options.sync_ms
    if _SLOW_ENV in os.environ:
        check_slowed(options.folder)
        print(f"\nSIMULATED SLOW DISK: this one, and {wanted} ms more for every sync", flush=True)
        print_table(options)
        return
    if not wanted:
        print("the disk as it is", flush=True)
        print_table(options)
    if wanted != 0:
        run_slowed(SLOW_MS if wanted is None else wanted, sys.argv[1:])


if __name__ == "__main__":
    main()
