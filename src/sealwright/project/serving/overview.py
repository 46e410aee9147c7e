"""What the admin listener tells of a controller: readiness, models, metrics, alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from sealwright.clock import parse_time
from sealwright.phases.deployment.core.snapshot import Opened
from sealwright.phases.deployment.record import served_name
from sealwright.phases.monitoring.alerts import AlertSink, read_alerts
from sealwright.project.serving.children import Child
from sealwright.project.serving.controller import Controller
from sealwright.project.serving.metrics import Family, Sample, child_families, one
from sealwright.project.serving.orders import Order
from sealwright.project.serving.stopfile import EVERYTHING, read_stops


class Overview:
    """The controller as `admin.Desk` asks for it."""

    def __init__(self, controller: Controller, sink: AlertSink) -> None:
        self._controller = controller
        self._sink = sink

    @property
    def opened(self) -> Opened | None:
        """The snapshot in force."""
        published = self._controller.published
        return published.opened if published is not None else None

    @property
    def pepper(self) -> bytes:
        """Secret of the API keys' HMACs."""
        return self._controller.house.pepper

    @property
    def name(self) -> str:
        """The name that this system's model is served under."""
        return served_name(self._controller.house.lifecycle)

    def readiness(self) -> dict[str, bool]:
        """What must be there before requests are answered."""
        opened, controller = self.opened, self._controller
        runtimes = controller.crew.runtimes.values()
        return {
            "policy": opened is not None and self._seconds_left() > 0,
            "ledger": opened is not None and not controller.lost,
            "model": any(child.known.ready for child in runtimes),
            "gateway": controller.crew.gateway.known.ready,
        }

    def models(self) -> list[dict[str, Any]]:
        """What is served, then what is refused."""
        opened, controller = self.opened, self._controller
        if opened is None:
            return []
        stops = read_stops(controller.house.layout)
        served = [
            {
                "name": model.name,
                "version": model.version,
                "digest": model.digest,
                "role": model.role,
                "percent": model.percent,
                "alarms": list(model.alarms),
                "running": self._runs(model.digest),
                "stopped": stops.reason(model.name),
            }
            for model in opened.snapshot.models
        ]
        refused = [
            {
                "name": model.name,
                "version": model.version,
                "digest": model.digest,
                "refused": model.reason,
            }
            for model in opened.snapshot.refused
        ]
        return [*served, *refused]

    async def alerts(self, limit: int) -> list[dict[str, Any]]:
        """The newest alerts, oldest first."""
        found, _ = await asyncio.to_thread(read_alerts, self._sink.path, limit=limit)
        return found

    async def order(self, order: Order, *, client: str) -> dict[str, Any]:
        """Does it."""
        return await self._controller.order(order, client=client)

    def families(self) -> Iterable[Family]:
        """The metrics."""
        return [*self._own(), *self._models(), *self._processes()]

    def _seconds_left(self) -> float:
        opened = self.opened
        if opened is None:
            return 0.0
        return opened.expires - self._controller.now().timestamp()

    def _runs(self, digest: str) -> bool:
        child = self._controller.crew.runtimes.get(digest)
        return child is not None and child.known.ready

    def _own(self) -> list[Family]:
        controller, opened = self._controller, self.opened
        counters = {**controller.intake.counters, **self._sink.counters()}
        alerts = tuple(
            Sample(count, {"detector": detector, "severity": severity})
            for (detector, severity), count in sorted(controller.intake.alerts.items())
        )
        families = [
            Family(
                "ledger_lost",
                "gauge",
                "1 while no snapshot can be made.",
                one(float(bool(controller.lost))),
            ),
            Family("alerts_total", "counter", "Alerts by detector and severity.", alerts),
            *(
                Family(f"intake_{name}_total", "counter", "Reports on their way out.", one(value))
                for name, value in sorted(counters.items())
            ),
        ]
        if opened is None:
            return families
        snapshot = opened.snapshot
        age = (controller.now() - parse_time(snapshot.at)).total_seconds()
        return [
            *families,
            Family("snapshot_age_seconds", "gauge", "Since it was compiled.", one(age)),
            Family(
                "snapshot_seconds_left",
                "gauge",
                "Until the ledger counts as lost.",
                one(self._seconds_left()),
            ),
            Family("snapshot_sequence", "gauge", "Its number.", one(float(snapshot.sequence))),
            Family(
                "ledger_entries",
                "gauge",
                "Entries that it was compiled from.",
                one(float(snapshot.ledger_size)),
            ),
            Family(
                "keys_in_force",
                "gauge",
                "API keys that open something.",
                one(float(len(snapshot.keys))),
            ),
        ]

    def _models(self) -> list[Family]:
        opened = self.opened
        if opened is None:
            return []
        stops = read_stops(self._controller.house.layout)
        names = {each.name for each in opened.snapshot.models}
        names |= {each.name for each in opened.snapshot.refused}
        served = [
            (model, {"name": model.name, "version": model.version, "role": model.role})
            for model in opened.snapshot.models
        ]
        return [
            Family(
                "model_served",
                "gauge",
                "Versions that the gate admits for serving.",
                tuple(Sample(1.0, labels) for _, labels in served),
            ),
            Family(
                "model_running",
                "gauge",
                "Whether its runtime is ready.",
                tuple(Sample(float(self._runs(m.digest)), labels) for m, labels in served),
            ),
            Family(
                "model_alarms",
                "gauge",
                "Reasons for which it is served with an alarm.",
                tuple(Sample(float(len(m.alarms)), labels) for m, labels in served),
            ),
            Family(
                "models_refused",
                "gauge",
                "Versions that are refused.",
                one(float(len(opened.snapshot.refused))),
            ),
            Family(
                "stopped",
                "gauge",
                "Names under which the STOP file stops serving.",
                tuple(
                    Sample(float(stops.reason(name) is not None), {"name": name})
                    for name in sorted({*names, EVERYTHING})
                ),
            ),
        ]

    def _processes(self) -> list[Family]:
        controller = self._controller
        runtimes = sorted(controller.crew.runtimes.items())
        kinds: list[tuple[str, list[tuple[str, Child]]]] = [
            ("gateway", [("", controller.crew.gateway)]),
            ("monitor", [("", controller.crew.monitor)]),
            ("runtime", [(digest[:12], child) for digest, child in runtimes]),
        ]
        every = [(kind, name, child) for kind, children in kinds for name, child in children]
        labels = [
            {"process": kind, "version": name} if name else {"process": kind}
            for kind, name, _ in every
        ]
        families = [
            Family(
                "process_ready",
                "gauge",
                "Whether a child can do its work.",
                tuple(
                    Sample(float(c.known.ready), said)
                    for (_, _, c), said in zip(every, labels, strict=True)
                ),
            ),
            Family(
                "process_restarts_total",
                "counter",
                "Times that it was started again.",
                tuple(
                    Sample(float(c.restarts), said)
                    for (_, _, c), said in zip(every, labels, strict=True)
                ),
            ),
        ]
        for kind, children in kinds:
            families += child_families(
                kind,
                [(name, child.known.counters) for name, child in children],
                [(name, child.known.gauges) for name, child in children],
            )
        return families
