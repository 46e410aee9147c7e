"""From a folder to a model that answers: every file is checked, and what was checked is loaded."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Final

import numpy as np

from sealwright.errors import CannotLook, TamperError, Unsupported
from sealwright.inference.onnx import open_onnx, read_model
from sealwright.inference.scoring import ScoringModel
from sealwright.phases.deployment.runtime.integrity import verify
from sealwright.phases.deployment.settings import RuntimeSettings

_NO_BUDGET: Final = 1 << 62
_PROBES: Final = 64
_SPREAD: Final = 3.0


def load(settings: RuntimeSettings) -> ScoringModel:
    """The model of `settings.folder`, if that holds exactly the admitted files.

    The model file is read once, after the folder was found whole, and hashed again from the very
    bytes that the engine gets: no change in between can matter. Raises TamperError for any other
    content, InputMissing, and Unsupported for a model that the engine cannot load.
    """
    folder, contract = Path(settings.folder), settings.contract
    verify(folder, settings.files, settings.digest)
    listed = [entry.sha256 for entry in settings.files if entry.path == contract.model_file]
    if len(listed) != 1:
        raise TamperError(
            f"the contract names {contract.model_file!r:.200}, which was not admitted"
        )
    model = open_onnx(
        read_model(folder / contract.model_file, sha256=listed[0]),
        digest=settings.digest,
        features=contract.features,
        positive=contract.positive,
        budget=_NO_BUDGET,
        seconds=None,
    )
    _warm_up(model, seconds=settings.deadline_seconds)
    return model


def _warm_up(model: ScoringModel, *, seconds: float) -> None:
    """Lets the engine allocate, and the reader find the positive class's column, before anybody
    asks: a first request whose score is exactly one half could not tell which column it is."""
    rows = np.random.default_rng(0).normal(0.0, _SPREAD, (_PROBES, model.features))
    for batch in (rows, 10.0 * np.abs(rows), rows[:1]):
        signal.setitimer(signal.ITIMER_REAL, seconds)  # ends the process, as in `app`
        try:
            model.scores(np.rint(batch) if model.integer else batch)
        except Unsupported:
            raise  # no row would do better
        except CannotLook:
            continue  # made-up rows may be beyond what it was made for; real ones are checked
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
