"""From what was found to a verdict; pure.

An attempt counts as *prevented* if it did not work and something on record stopped it, and as
*detected* if something on record tells of it. A drill is as good as its weakest attempt:

- `prevented`: every attempt was prevented. Where one of them was not detected the result says so.
- `detected`: every attempt was prevented or detected, and one was not prevented.
- `missed`: an attempt was neither. One that simply did not work, with nothing on record that
  stopped it, is missed, too: nobody knows why it failed.
- `error`: attack or twin could not be carried out within their bounds, nothing was attempted, or
  the twin did not get through although nothing stopped it. Never a pass, and never instead of
  `missed`: what went wrong with the twin hides nothing.

Whatever `look` finds in the twin's record, and a refusal that ended the twin, is an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sealwright.drill.declaration import Attempt, Trace

Word = Literal["prevented", "detected", "missed", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How the attack, or the twin, ended."""

    attempts: tuple[Attempt, ...] = ()
    refused: str = ""
    """The refusal that ended it early, if one did."""
    error: str = ""
    """Why it could not be carried out or looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a drill came to. Prevention and detection are findings of their own."""

    verdict: Word
    prevented: bool
    detected: bool
    twin_alarms: int
    evidence: tuple[Trace, ...]
    notes: tuple[str, ...]


def conclude(attack: Side, twin: Side) -> Conclusion:
    """The verdict over both sides."""
    attempts = attack.attempts
    prevented = bool(attempts) and all(_prevented(each) for each in attempts)
    detected = bool(attempts) and all(each.detection for each in attempts)
    alarms = _alarms(twin)
    errors = _errors(attack, twin, alarms=alarms)
    weakest: Word = "missed"
    if prevented:
        weakest = "prevented"
    elif all(_prevented(each) or each.detection for each in attempts):
        weakest = "detected"
    blind = bool(attempts) and not attack.error and weakest == "missed"
    return Conclusion(
        verdict="error" if errors and not blind else weakest,
        prevented=prevented and not attack.error,
        detected=detected and not attack.error,
        twin_alarms=len(alarms),
        evidence=tuple(trace for each in attempts for trace in (*each.prevention, *each.detection)),
        notes=(*errors, *_notes(attempts), *(f"twin: {alarm}" for alarm in alarms)),
    )


def _prevented(attempt: Attempt) -> bool:
    return not attempt.reached and bool(attempt.prevention)


def _alarms(twin: Side) -> tuple[str, ...]:
    found = [
        f"{each.name}: {trace.what}"
        for each in twin.attempts
        for trace in (*each.prevention, *each.detection)
    ]
    return (*([f"refused: {twin.refused}"] if twin.refused else []), *found)


def _errors(attack: Side, twin: Side, *, alarms: Sequence[str]) -> tuple[str, ...]:
    found = [
        f"{name}: {side.error}" for name, side in (("attack", attack), ("twin", twin)) if side.error
    ]
    if not attack.attempts and not attack.error:
        found.append("attack: nothing was attempted")
    if not twin.error and not alarms:
        if not twin.attempts:
            found.append("twin: nothing was attempted")
        found += [
            f"twin: {each.name} did not get through, and nothing says why"
            for each in twin.attempts
            if not each.reached
        ]
    return tuple(found)


def _notes(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    found = []
    for each in attempts:
        if each.reached:
            found.append(f"{each.name}: it worked")
        elif not each.prevention:
            found.append(f"{each.name}: it did not work, and nothing on record stopped it")
        if not each.detection:
            found.append(f"{each.name}: the expected detection is not on record")
    return tuple(found)
