"""ONNX Runtime, loaded with its telemetry off.

Left alone it writes a device id and an event store into the user's home folder as it loads, and
carries an upload address. The variable must stand before the import; later calls come too late.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

__all__ = ["onnxruntime", "state"]
