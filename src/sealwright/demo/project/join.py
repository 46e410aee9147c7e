"""Adds the partner clinic's patients to what the model is trained on, in sealwright.toml."""

from pathlib import Path

LIFECYCLE = Path(__file__).parent / "sealwright.toml"


def main() -> None:
    """Changes `inputs` of [training]."""
    text = LIFECYCLE.read_text(encoding="utf-8")
    alone, together = 'inputs = ["train"]', 'inputs = ["train", "partner"]'
    if alone not in text:
        raise SystemExit(f"{LIFECYCLE.name} has no line {alone}")
    LIFECYCLE.write_text(text.replace(alone, together), encoding="utf-8")
    print(f"{LIFECYCLE.name}: {together}")


if __name__ == "__main__":
    main()
