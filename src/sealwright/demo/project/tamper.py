"""Plays the attacker: changes one byte of a weight in model/model.onnx, and not its size."""

import shutil
from pathlib import Path

MODEL = Path(__file__).parent / "model" / "model.onnx"


def main() -> None:
    """Keeps the real file as model.onnx.real beside the folder, then changes a weight."""
    shutil.copyfile(MODEL, MODEL.parent.parent / "model.onnx.real")
    data = bytearray(MODEL.read_bytes())
    place = data.index(b"coefficients") + len(b"coefficients") + 8
    data[place] ^= 0x40
    MODEL.write_bytes(data)
    print(f"changed byte {place} of {len(data)}")


if __name__ == "__main__":
    main()
