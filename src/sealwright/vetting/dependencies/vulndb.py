"""The local vulnerability database: one SQLite file, dated, with the digest of what it was made
from.

Written whole or not at all, opened read-only, and never fetched: whoever runs this decides when and
from where an export comes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from sealwright.clock import Clock, format_time, parse_time
from sealwright.errors import CannotLook, InputMissing, MalformedError, Unsupported
from sealwright.evidence.digest import sha256_hex
from sealwright.files import sync_folder
from sealwright.vetting.dependencies.advisory_sources import (
    EXPECTED,
    Progress,
    open_source,
    records,
)
from sealwright.vetting.dependencies.osv import Advisory, Affected, advisory

FORMAT = 1
MAX_AGE_DAYS = 30
"""Default: older data say nothing about what is known today."""
_APPLICATION = 0x53574442
"""SQLite's application id: a file of another program is not taken for one of ours."""
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (
  id TEXT PRIMARY KEY, aliases TEXT NOT NULL, summary TEXT NOT NULL, modified TEXT NOT NULL,
  severity TEXT NOT NULL, vector TEXT NOT NULL, malicious INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE affected (
  package TEXT NOT NULL, advisory TEXT NOT NULL, ranges TEXT NOT NULL, versions TEXT NOT NULL
);
"""


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What a database says of itself. Times are RFC 3339 UTC."""

    format: int
    source: str
    """Name of the export, without its folder."""
    source_sha256: str
    imported: str
    newest: str
    """When the newest record last changed, and never after the import."""
    advisories: int
    packages: int
    malicious: int
    skipped: int
    """Records that are withdrawn, or about something else than PyPI."""
    unread: int
    """Records that could not be understood."""


class Database(msgspec.Struct, frozen=True):
    """An opened database."""

    path: Path
    info: Info
    sha256: str
    """Of the file itself."""
    _connection: sqlite3.Connection

    def about(self, package: str) -> Iterator[tuple[Advisory, Affected]]:
        """Every advisory about a package, by its normalised name."""
        rows = self._connection.execute(
            "SELECT a.id, a.aliases, a.summary, a.modified, a.severity, a.vector, a.malicious,"
            " f.ranges, f.versions FROM affected f JOIN advisory a ON a.id = f.advisory"
            " WHERE f.package = ? ORDER BY a.id, f.rowid",
            (package,),
        )
        for name, aliases, summary, modified, severity, vector, malicious, ranges, versions in rows:
            affected = Affected(
                package=package,
                ranges=tuple(
                    tuple((str(kind), str(at)) for kind, at in events)
                    for events in json.loads(ranges)
                ),
                versions=tuple(json.loads(versions)),
            )
            yield (
                Advisory(
                    id=name,
                    aliases=tuple(json.loads(aliases)),
                    summary=summary,
                    modified=modified,
                    severity=severity,
                    vector=vector,
                    malicious=bool(malicious),
                    affected=(affected,),
                ),
                affected,
            )

    def problem(self, now: datetime, *, max_age_days: int = MAX_AGE_DAYS) -> str:
        """Why the data are too old to rely on; empty if they are not."""
        most = timedelta(days=max_age_days)
        imported, newest = parse_time(self.info.imported), parse_time(self.info.newest)
        if imported > now + timedelta(days=1):
            return f"the database says it was imported on {self.info.imported[:10]}, in the future"
        for moment, what in ((imported, "was imported"), (newest, "has its newest record from")):
            if now - moment > most:
                days = (now - moment).days
                return f"the database {what} {days} days ago; at most {max_age_days} are allowed"
        return ""


def import_advisories(
    path: Path, to: Path, *, clock: Clock, progress: Progress | None = None
) -> Info:
    """Reads the export at `path` into a new database that replaces what is at `to`.

    Unsupported if it holds no advisory about PyPI, MalformedError if it is damaged, LimitReached if
    it is too large, CannotLook if `to` cannot be written; what was there is untouched then.
    """
    source = open_source(path)
    now = clock()
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
        os.close(descriptor)
    except OSError as error:
        raise CannotLook(f"{to}: cannot be written: {error.strerror}") from error
    temporary = Path(name)
    try:
        with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute("PRAGMA journal_mode = OFF")
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN")
            counted = _Counted()
            for number, record in enumerate(records(source), start=1):
                counted.add(connection, record)
                if progress is not None and number % 500 == 0:
                    progress(number, source.total)
            if not counted.packages:
                raise Unsupported(f"{path}: no advisory about PyPI", advice=EXPECTED)
            info = counted.info(
                path, digest=source.digest, unread=source.unread + counted.unread, now=now
            )
            rows = [(key, json.dumps(value)) for key, value in asdict(info).items()]
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            connection.execute("CREATE INDEX by_package ON affected (package)")
            connection.execute("COMMIT")
        temporary.chmod(0o644)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(to)
        sync_folder(to.parent)
    except (OSError, sqlite3.Error) as error:
        raise CannotLook(f"{to}: cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    if progress is not None:
        progress(source.total, source.total)
    return info


class _Counted:
    def __init__(self) -> None:
        self.packages: set[str] = set()
        self.ids: set[str] = set()
        self.malicious = self.skipped = self.unread = 0
        self.newest = ""

    def add(self, connection: sqlite3.Connection, record: object) -> None:
        try:
            found = advisory(record)
        except MalformedError:
            self.unread += 1
            return
        if found is None or found.id in self.ids:
            self.skipped += 1
            return
        self.ids.add(found.id)
        self.malicious += found.malicious
        self.packages |= {one.package for one in found.affected}
        self.newest = max(self.newest, found.modified.replace(" ", "T"))
        connection.execute(
            "INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                found.id,
                json.dumps(found.aliases),
                found.summary,
                found.modified,
                found.severity,
                found.vector,
                int(found.malicious),
            ),
        )
        connection.executemany("INSERT INTO affected VALUES (?, ?, ?, ?)", _rows(found))

    def info(self, path: Path, *, digest: str, unread: int, now: datetime) -> Info:
        newest = min(_moment(self.newest), now)
        return Info(
            format=FORMAT,
            source=path.resolve().name,
            source_sha256=digest,
            imported=format_time(now),
            newest=format_time(newest),
            advisories=len(self.ids),
            packages=len(self.packages),
            malicious=self.malicious,
            skipped=self.skipped,
            unread=unread,
        )


def _rows(found: Advisory) -> Iterable[tuple[str, str, str, str]]:
    return [
        (one.package, found.id, json.dumps(one.ranges), json.dumps(one.versions))
        for one in found.affected
    ]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """Opens a database read-only. InputMissing if there is none, MalformedError if it is none of
    ours or of another format."""
    if not path.is_file():
        raise InputMissing(
            f"{path}: there is no vulnerability database",
            advice="make one: sealwright vulndb import PyPI/all.zip",
        )
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        try:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            rows = connection.execute("SELECT key, value FROM meta").fetchall()
            known = {str(key): json.loads(value) for key, value in rows}
            if application != _APPLICATION or known.get("format") != FORMAT:
                raise MalformedError(f"{path}: a database of another program or format")
            info = Info(**known)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise MalformedError(f"{path}: not a vulnerability database of sealwright") from error
        yield Database(path, info, sha256_hex(path.read_bytes()), connection)


def default_place(state: Path | None = None) -> Path:
    """Where a database lies unless somebody says otherwise: in the project's state folder `state`,
    or else in the user's data folder (XDG_DATA_HOME)."""
    if state is not None:
        return state / "vulndb.sqlite"
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base else Path.home() / ".local/share") / "sealwright" / "vulndb.sqlite"
