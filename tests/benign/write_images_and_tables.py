"""Writes tests/benign/images and tests/benign/tables: what lies beside a model, by the usual tools.

Needs Pillow, matplotlib, numpy, pyarrow, pandas, polars and fastparquet. Run it from the root of
the repository: `python tests/benign/write_images_and_tables.py`. Versions go into the JSON file
beside it.
"""

from __future__ import annotations

import importlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"
TABLES = Path(__file__).parent / "tables"


def images() -> None:
    # By name: the type checker runs where they are not installed.
    pillow: Any = importlib.import_module("PIL.Image")
    png: Any = importlib.import_module("PIL.PngImagePlugin")
    cms: Any = importlib.import_module("PIL.ImageCms")

    shades = pillow.linear_gradient("L").resize((48, 32))
    colours = pillow.merge("RGB", (shades, shades.rotate(180), shades.transpose(0)))
    profile = cms.ImageCmsProfile(cms.createProfile("sRGB")).tobytes()
    exif = pillow.Exif()
    exif[0x010E] = "a gradient"
    words = png.PngInfo()
    words.add_text("Title", "a gradient")
    words.add_text("Comment", "words " * 50, zip=True)
    words.add_itxt("Author", "größe", lang="de")
    colours.save(IMAGES / "rgb.png")
    colours.quantize(16).save(IMAGES / "palette.png", transparency=3)
    colours.save(IMAGES / "text.png", pnginfo=words, icc_profile=profile, exif=exif, dpi=(72, 72))
    shades.convert("1").save(IMAGES / "one_bit.png")
    shades.convert("I;16").save(IMAGES / "grey16.png")
    colours.convert("RGBA").save(IMAGES / "alpha.png")
    frames = [colours.rotate(angle) for angle in (0, 90, 180)]
    more: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 100}
    frames[0].save(IMAGES / "animated.png", **more)
    frames[0].save(IMAGES / "animated.gif", **more, loop=0, comment=b"three frames")
    frames[0].save(IMAGES / "animated.webp", **more)
    frames[0].save(IMAGES / "several.mpo", save_all=True, append_images=frames[1:])
    colours.save(IMAGES / "still.gif")
    shades.save(IMAGES / "grey.gif", interlace=True, transparency=0)
    colours.save(IMAGES / "baseline.jpg")
    colours.save(IMAGES / "progressive.jpg", progressive=True, optimize=True, comment="words")
    colours.save(IMAGES / "profile.jpeg", exif=exif, icc_profile=profile, restart_marker_blocks=2)
    colours.convert("CMYK").save(IMAGES / "cmyk.jpg", quality=95, subsampling=0)
    noise = pillow.effect_noise((200, 120), 90)
    noise.save(IMAGES / "noise.jpg", quality=98)
    colours.save(IMAGES / "lossy.webp")
    colours.save(IMAGES / "lossless.webp", lossless=True)
    colours.convert("RGBA").save(IMAGES / "described.webp", exif=exif, icc_profile=profile)
    colours.save(IMAGES / "rgb.bmp")
    colours.convert("RGBA").save(IMAGES / "alpha.bmp")
    colours.quantize(16).save(IMAGES / "palette.bmp")
    shades.convert("1").save(IMAGES / "one_bit.bmp")
    shades.save(IMAGES / "grey.bmp")


def plots() -> None:
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")

    figure, axes = pyplot.subplots(figsize=(2, 1.5))
    axes.plot([1, 3, 2])
    figure.savefig(IMAGES / "plot.png", dpi=50)
    figure.savefig(IMAGES / "plot.jpg", dpi=50)
    figure.savefig(IMAGES / "plot.webp", dpi=50)


def with_pyarrow() -> None:
    pa: Any = importlib.import_module("pyarrow")
    pq: Any = importlib.import_module("pyarrow.parquet")
    feather: Any = importlib.import_module("pyarrow.feather")

    count = 200
    table = pa.table(
        {
            "id": pa.array(range(count), pa.int64()),
            "name": pa.array([f"name {n % 7}" for n in range(count)]).dictionary_encode(),
            "nested": pa.array([{"a": n, "b": [{"c": str(n)}] * (n % 3)} for n in range(count)]),
            "map": pa.array([[("k", n)] for n in range(count)], pa.map_(pa.string(), pa.int32())),
            "bytes": pa.array([bytes([n]) * 3 for n in range(count)]),
            "price": pa.array([None if n % 5 == 0 else n for n in range(count)]).cast(
                pa.decimal128(20, 0)
            ),
            "tensor": pa.ExtensionArray.from_storage(
                pa.fixed_shape_tensor(pa.float32(), (2,)),
                pa.array([[n, n] for n in range(count)], pa.list_(pa.float32(), 2)),
            ),
        }
    )
    features = json.dumps({"info": {"features": {"id": {"dtype": "int64", "_type": "Value"}}}})
    table = table.replace_schema_metadata({"huggingface": features, "note": "words"})
    for codec in ("none", "snappy", "gzip", "brotli", "lz4", "zstd"):
        pq.write_table(table, TABLES / f"{codec}.parquet", compression=codec, row_group_size=90)
    pq.write_table(
        table.select(["id", "name"]),
        TABLES / "indexed.parquet",
        write_page_index=True,
        write_page_checksum=True,
        sorting_columns=[pq.SortingColumn(0)],
        data_page_version="2.0",
    )
    pq.write_table(table.schema.empty_table(), TABLES / "empty.parquet")
    pq.write_metadata(table.schema, TABLES / "_common_metadata.parquet")
    feather.write_feather(table, TABLES / "lz4.feather", compression="lz4", chunksize=90)
    for kind, codec in (("arrow", ""), ("arrow", "zstd"), ("arrows", ""), ("arrows", "lz4")):
        options = pa.ipc.IpcWriteOptions(compression=codec or None)
        new = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with new(TABLES / f"{codec or 'plain'}.{kind}", table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=90)
    old = pa.ipc.IpcWriteOptions(use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4)
    with pa.ipc.new_file(TABLES / "legacy.arrow", table.schema, options=old) as writer:
        writer.write_table(table)
    with pa.ipc.new_stream(TABLES / "dataset.arrow", table.schema) as writer:
        writer.write_table(table)


def with_frames() -> None:
    pandas: Any = importlib.import_module("pandas")
    polars: Any = importlib.import_module("polars")

    frame = pandas.DataFrame(
        {
            "when": pandas.date_range("2026-01-01", periods=20, tz="Europe/Berlin"),
            "kind": pandas.Categorical(list("abcde") * 4),
            "text": ["words", None] * 10,
            "span": pandas.interval_range(0, 20),
            "period": pandas.period_range("2026-01", periods=20, freq="M"),
        },
        index=pandas.Index(range(20), name="row"),
    )
    frame.attrs = {"source": "a survey"}
    frame.to_parquet(TABLES / "pandas.parquet")
    frame.reset_index().to_feather(TABLES / "pandas.feather")
    plain = frame[["when", "text"]].reset_index()
    plain.to_parquet(TABLES / "fastparquet.parquet", engine="fastparquet")
    several = TABLES / "several"
    plain.to_parquet(several, engine="fastparquet", file_scheme="hive", row_group_offsets=[0, 10])
    other = polars.DataFrame(
        {"n": [1, 2, 3], "lists": [[1], [], [2, 3]], "text": ["a", None, "größe"]}
    ).with_columns(polars.col("text").cast(polars.Categorical).alias("kind"))
    other.write_parquet(TABLES / "polars.parquet")
    other.write_ipc(TABLES / "polars.arrow")
    other.write_ipc(TABLES / "polars_zstd.feather", compression="zstd")
    other.write_ipc_stream(TABLES / "polars.arrows")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    TABLES.mkdir(exist_ok=True)
    images()
    plots()
    with_pyarrow()
    with_frames()
    names = ("Pillow", "matplotlib", "numpy", "pyarrow", "pandas", "polars", "fastparquet")
    notes = IMAGES.parent / "write_images_and_tables.versions.json"
    notes.write_text(json.dumps({name: version(name) for name in names}, indent=2) + "\n")


if __name__ == "__main__":
    main()
