"""The special layouts of zip archives, in the order in which they are asked."""

from __future__ import annotations

from sealwright.vetting.archives.interface import ZipLayout
from sealwright.vetting.formats import keras_archive, npz, torch_zip

ZIP_LAYOUTS: tuple[ZipLayout, ...] = (
    torch_zip.LAYOUT,
    npz.LAYOUT,
    keras_archive.LAYOUT,
)
