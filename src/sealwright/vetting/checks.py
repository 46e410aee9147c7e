"""The checks of parsed documents and of folders, loaded with the first one that is checked."""

from __future__ import annotations

from sealwright.vetting.formats import (
    active_texts,
    boosters_xgboost,
    huggingface_documents,
    huggingface_folder,
    hydra,
    keras_config,
    onnx_folder,
    onnx_text,
    serving,
    skops,
    torch_export,
)
from sealwright.vetting.interface import DirectoryCheck, DocumentCheck

DOCUMENT_CHECKS: tuple[DocumentCheck, ...] = (
    boosters_xgboost.CHECK,
    onnx_text.CHECK,
    serving.CHECK,
    skops.CHECK,
    huggingface_documents.CHECK,
    torch_export.CHECK,
    hydra.CHECK,
    keras_config.CHECK,
    active_texts.CHECK,
)
DIRECTORY_CHECKS: tuple[DirectoryCheck, ...] = (
    onnx_folder.CHECK,
    huggingface_folder.CHECK,
    serving.FOLDER_CHECK,
)
