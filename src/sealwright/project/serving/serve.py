"""`sealwright serve`: one process that holds the key and the ledger, and the processes below it.

    controller ─┬─ runtime of each served version     no network, read-only files
                ├─ gateway                            callers' side; acts on the signed snapshot
                └─ monitor                            watches the traffic

Everything ends with the controller, however that ends. One installation is served once.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sealwright.clock import Clock
from sealwright.errors import CannotLook, UsageError
from sealwright.evidence.keyfile import Passphrase
from sealwright.evidence.statement import subject
from sealwright.lifecycle.check_deployment import address
from sealwright.locks import claim, work_folder
from sealwright.phases.monitoring.alerts import AlertSink, webhook_from
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.serving.admin import Admin
from sealwright.project.serving.authority import check_signer
from sealwright.project.serving.controller import Controller, Signers
from sealwright.project.serving.intake import Intake, Names
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.launches import House
from sealwright.project.serving.overview import Overview
from sealwright.project.serving.pepper import pepper_of
from sealwright.project.serving.routes import ROUTING_ROLES

READY_SECONDS: Final = 60.0
"""How long the start is waited for before what is missing is told."""
LOOK: Final = 0.05
LONGEST_FOLDER: Final = 70
"""Bytes of the sockets' folder, so that a socket's path has at most 107."""
HEARTBEATS_VALID: Final = 5
LEAST_VALID: Final = 10.0
"""Seconds that a snapshot holds: so many heartbeats, and no less than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What is reached where, once everything is ready or the wait was over."""

    url: str
    admin: str
    models: tuple[str, ...]
    """`name version role` of what is served."""
    missing: tuple[str, ...]
    """What is not ready; it is tried again and again."""


def serve(
    project: Project,
    *,
    clock: Clock,
    passphrase: Passphrase | None,
    started: Callable[[Started], None],
    say: Callable[[str], None],
) -> None:
    """Serves until SIGTERM or SIGINT. `say` gets what an operator should read while it runs.

    Refused where this installation is served already or the signer may not; CannotLook where it
    cannot begin, or the gateway does not stay alive.
    """
    layout, lifecycle = project.layout, project.lifecycle
    signers = _signers(project)
    for folder in (layout.serving, layout.decision_log, layout.reviews):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = f"{layout.root} is being served already"
    with claim(layout.serving, taken=taken, advice="stop the other `sealwright serve` first"):
        keyring = project.keyring

        def open_project() -> Project:
            opened = Project.open(layout.root, clock=clock, passphrase=passphrase)
            opened.keyring = keyring  # keys are unlocked once
            return opened

        journal = Journal(layout.serving / "serve.log", clock=clock, also=say)
        webhook = webhook_from(lifecycle.monitoring, os.environ)
        with _listener(lifecycle.deployment.admin) as listener, _sockets(layout) as sockets:
            house = House(
                layout=layout,
                lifecycle=lifecycle,
                sockets=sockets,
                key=keyring.signer(signers.deployment).public,
                pepper=pepper_of(project),
            )
            sink = AlertSink(layout.alerts, webhook=webhook, clock=clock)
            try:
                names = Names(system=subject(lifecycle.system.name, project.system))
                intake = Intake(sink, clock=clock, names=names, say=journal.say)
                asyncio.run(
                    _main(
                        house,
                        open_project=open_project,
                        signers=signers,
                        intake=intake,
                        journal=journal,
                        clock=clock,
                        sink=sink,
                        listener=listener,
                        started=started,
                    )
                )
            finally:
                sink.close()


def _signers(project: Project) -> Signers:
    """Who signs, checked before anything is started."""
    found = []
    for phase, what in (("deployment", "serve"), ("monitoring", "put on record what is seen")):
        who = project.signer_for(phase)
        check_signer(project, who, ROUTING_ROLES, to=what)
        project.keyring.signer(who)
        found.append(who)
    if project.ledger.why_reading:
        raise CannotLook(
            f"nothing can be recorded here: {project.ledger.why_reading}",
            advice="serve where the ledger can be written",
        )
    return Signers(deployment=found[0], monitoring=found[1])


async def _main(
    house: House,
    *,
    open_project: Callable[[], Project],
    signers: Signers,
    intake: Intake,
    journal: Journal,
    clock: Clock,
    sink: AlertSink,
    listener: socket.socket,
    started: Callable[[Started], None],
) -> None:
    beat = house.lifecycle.monitoring.heartbeat_seconds
    controller = Controller(
        house,
        open_project=open_project,
        signers=signers,
        intake=intake,
        journal=journal,
        clock=clock,
        valid_for=timedelta(seconds=max(LEAST_VALID, HEARTBEATS_VALID * beat)),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, controller.stopping.set)

    async def others() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_administer(Overview(controller, sink), listener))
            await _announce(controller, listener, started)

    journal.write("serve", f"begins, process {os.getpid()}")
    await controller.run(others=others)
    journal.write("serve", "ends")


async def _announce(
    controller: Controller, listener: socket.socket, started: Callable[[Started], None]
) -> None:
    """Tells once where it is reached."""
    loop = asyncio.get_running_loop()
    end = loop.time() + READY_SECONDS
    while (missing := controller.crew.missing()) and loop.time() < end:
        await asyncio.sleep(LOOK)
    assert controller.published is not None
    deployment = controller.house.lifecycle.deployment
    host, _ = address(deployment.listen)
    snapshot = controller.published.opened.snapshot
    started(
        Started(
            url=_url("https" if deployment.certificate else "http", host, controller.crew.port),
            admin=_url("http", *listener.getsockname()[:2]),
            models=tuple(f"{each.name} {each.version} {each.role}" for each in snapshot.models),
            missing=tuple(missing),
        )
    )


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def _administer(desk: Overview, listener: socket.socket) -> None:
    import uvicorn

    from sealwright.project.serving.visitors import Visitor

    class Server(uvicorn.Server):
        """uvicorn without its signals: the end is the controller's to order."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        Admin(desk),
        http=Visitor,
        h11_max_incomplete_event_size=32 * 1024,
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        log_level="critical",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    try:
        await server.serve(sockets=[listener])
    finally:
        server.should_exit = True


@contextmanager
def _listener(text: str) -> Iterator[socket.socket]:
    """The admin listener's socket, bound before anything is started."""
    host, port = address(text)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"{text}: operators cannot be listened to there: {error.strerror}",
                advice="is something else listening? Change [deployment] admin in sealwright.toml",
            ) from error
        opened.setblocking(False)
        yield opened


@contextmanager
def _sockets(layout: Layout) -> Iterator[Path]:
    """A private folder with a short path: a Unix socket's path has at most 107 bytes. What killed
    controllers left goes first."""
    prefix = f"sealwright-{hashlib.sha256(str(layout.root).encode()).hexdigest()[:8]}-"
    for parent in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - its own folder in it is private
        fits = len(os.fsencode(parent)) + len(prefix) + 9 <= LONGEST_FOLDER
        if parent and fits and os.access(parent, os.W_OK | os.X_OK):
            with work_folder(Path(parent), prefix=prefix) as folder:
                yield folder
            return
    raise CannotLook("there is no folder for sockets with a short path", advice="set TMPDIR")
