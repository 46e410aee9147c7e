"""Runs an ONNX classifier on the CPU, one thread, from bytes whose digest was checked.

The file is read once: what was hashed is what is run. A model cannot reach other files, and a run
that takes too long is stopped. It shares this process's memory, so scan a foreign model first.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sealwright.errors import (
    CannotLook,
    InputMissing,
    LimitReached,
    TamperError,
    Unsupported,
    UsageError,
)
from sealwright.inference.onnx_outputs import score_reader
from sealwright.inference.runtime import onnxruntime, state
from sealwright.inference.scoring import DEFAULT_BUDGET, FloatArray, ScoringModel

MAX_MODEL_BYTES = 1 << 30
SECONDS_PER_BATCH = 120.0

_NO_FILES = "/dev/null/no-external-files"
"""A folder that cannot exist (below a device), so tensor data outside the bytes is never found."""

_ORT_ERRORS: tuple[type[Exception], ...] = (
    state.EPFail,
    state.EngineError,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.ModelLoadCanceled,
    state.NoModel,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
)

_INPUT_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
}


def read_model(path: Path, *, sha256: str) -> bytes:
    """The bytes of the model file, which are those that `sha256` (lower-case hex) names.

    Raises InputMissing, LimitReached above 1 GiB, and TamperError for other bytes.
    """
    try:
        with path.open("rb") as file:
            size = min(os.fstat(file.fileno()).st_size, MAX_MODEL_BYTES)
            data = file.read(size + 1)  # a read of the bound itself would reserve all of it
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}", advice="run the training, or check validation.model"
        ) from error
    if len(data) > MAX_MODEL_BYTES:
        raise LimitReached(f"{path}: larger than {MAX_MODEL_BYTES} bytes")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise TamperError(
            f"{path}: sha256 is {found}, recorded was {sha256}",
            advice="the file is not the model that is on record; restore it or record it anew",
        )
    return data


def open_onnx(
    data: bytes,
    *,
    digest: str,
    features: Sequence[str],
    positive: int | str | bool,
    budget: int = DEFAULT_BUDGET,
    seconds: float | None = SECONDS_PER_BATCH,
) -> ScoringModel:
    """An ONNX classifier that can be asked.

    `digest` is the model artifact's digest, `features` are the columns in the order the model
    takes them, `positive` is the class whose probability is the score, `seconds` bounds the loading
    and each batch (None: the caller bounds each batch, for less than a timer's thread costs).
    Understands classifiers exported by skl2onnx with ZipMap, without it, with one probability
    column or one float score output, or with a label only. Raises Unsupported for other models and
    for bytes that ONNX Runtime cannot load.
    """
    session = _open_session(data, seconds=SECONDS_PER_BATCH if seconds is None else seconds)
    feed = _Feed(session.get_inputs(), features=features)
    reader = score_reader(session.get_outputs(), positive=positive)
    outputs = list(reader.outputs)

    def predict(batch: FloatArray) -> FloatArray:
        try:
            values = session.run(outputs, feed.arrays(batch))
        except _ORT_ERRORS as error:
            raise _failed(error, batch) from error
        return reader.read(values, len(batch))

    def predict_in_time(batch: FloatArray) -> FloatArray:
        assert seconds is not None
        options = onnxruntime.RunOptions()
        options.log_severity_level = 4
        with _deadline(seconds, stop=lambda: setattr(options, "terminate", True)) as expired:
            try:
                values = session.run(outputs, feed.arrays(batch), options)
            except _ORT_ERRORS as error:
                if expired.is_set():
                    raise LimitReached(
                        f"the model needed more than {seconds:g} s for {len(batch)} rows"
                    ) from error
                raise _failed(error, batch) from error
        return reader.read(values, len(batch))

    return ScoringModel(
        predict if seconds is None else predict_in_time,
        digest=digest,
        features=len(features),
        access=reader.access,
        runtime=f"onnxruntime {onnxruntime.__version__} CPU",
        integer=feed.integer,
        budget=budget,
    )


def _failed(error: Exception, batch: FloatArray) -> CannotLook:
    return CannotLook(f"the model failed on {len(batch)} rows: {_first_line(error)}")


def _open_session(data: bytes, *, seconds: float) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", _NO_FILES
    )
    with _deadline(seconds, stop=lambda: options.set_load_cancellation_flag(True)) as expired:
        try:
            return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except _ORT_ERRORS as error:
            if expired.is_set():
                raise LimitReached(f"the model needed more than {seconds:g} s to load") from error
            raise Unsupported(
                f"ONNX Runtime cannot load the model: {_first_line(error)}",
                advice="export it as one self-contained ONNX file with standard operators",
            ) from error


@contextmanager
def _deadline(seconds: float, *, stop: Any) -> Iterator[threading.Event]:
    """Calls `stop` after `seconds`; the event tells whether it was."""
    expired = threading.Event()

    def fire() -> None:
        expired.set()
        stop()

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


class _Feed:
    """Turns a table into the model's inputs: one (n, d) tensor, or one (n, 1) tensor per column."""

    __slots__ = ("_columns", "_single", "integer")

    def __init__(self, inputs: Sequence[Any], *, features: Sequence[str]) -> None:
        for item in inputs:
            if item.type not in _INPUT_TYPES:
                raise Unsupported(
                    f"the model's input {item.name!r} is a {item.type}; numbers are supported",
                    advice="encode text before the model, or export with numeric inputs",
                )
        self._single: tuple[str, Any] | None = None
        self._columns: tuple[tuple[str, int, Any], ...] = ()
        width = len(features)
        if len(inputs) == 1 and _width(inputs[0]) in (width, None):
            only = inputs[0]
            self._single = (only.name, _INPUT_TYPES[only.type])
            whole = only.type == "tensor(int64)"
            self.integer = frozenset(range(width)) if whole else frozenset()
            return
        by_name = {item.name: item for item in inputs}
        if set(by_name) != set(features) or any(_width(item) != 1 for item in inputs):
            raise Unsupported(
                f"the model's inputs {_shapes(inputs)} do not take the {width} declared features",
                advice="declare validation.features in the order of the training columns",
            )
        self._columns = tuple(
            (name, index, _INPUT_TYPES[by_name[name].type]) for index, name in enumerate(features)
        )
        self.integer = frozenset(i for _, i, dtype in self._columns if dtype is np.int64)

    def arrays(self, batch: FloatArray) -> dict[str, Any]:
        if self.integer and self._fractions(batch):
            raise UsageError("the model takes whole numbers, and the rows hold fractions")
        if self._single is not None:
            name, dtype = self._single
            return {name: np.ascontiguousarray(batch, dtype=dtype)}
        return {
            name: np.ascontiguousarray(batch[:, index : index + 1], dtype=dtype)
            for name, index, dtype in self._columns
        }

    def _fractions(self, batch: FloatArray) -> bool:
        whole = sorted(self.integer)
        return bool((batch[:, whole] != np.rint(batch[:, whole])).any())


def _width(item: Any) -> int | None:
    """Columns that the input takes: None when left open, -1 when it is not a table."""
    if len(item.shape) != 2:
        return -1
    return item.shape[1] if isinstance(item.shape[1], int) else None


def _shapes(inputs: Sequence[Any]) -> str:
    return ", ".join(f"{item.name}{item.shape}" for item in inputs[:5])


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
