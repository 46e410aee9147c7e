"""The artifacts of the sample, by name and digest."""

from __future__ import annotations

import hashlib

from sealwright.evidence.predicates.common import Tool
from sealwright.evidence.predicates.model import Coverage
from sealwright.evidence.statement import subject

PURPOSE = (
    "Ranks applications for consumer loans by the risk of default, so that a credit officer "
    "looks at the riskiest first. It refuses nobody by itself."
)
POLICY_TEXT = '[tier.high]\nrequire = ["dataset-version", "evaluation", "scan"]\n'


def fake(name: str) -> str:
    """A digest for content that the sample does not hold."""
    return hashlib.sha256(name.encode()).hexdigest()


RAW = subject("applications-2019-2025", fake("raw"))
TRAIN = subject("train-v2", fake("train"))
TEST = subject("test-v2", fake("test"))
MODEL = subject("loan-triage-v4", fake("model"))
PREPARE = subject("prepare.py", fake("prepare"))
TRAINER = subject("train.py", fake("trainer"))
LOCK = subject("requirements.lock", fake("lock"))
DUCKDB = Tool(name="duckdb", version="1.4.1")
RUNTIME = Tool(name="onnxruntime", version="1.23.0", digest=fake("engine"))
QUIET = Coverage(files=14, bytes_total=88_412, bytes_parsed=88_412)
