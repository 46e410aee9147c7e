"""The rules of torch files: checkpoints as zip and as stacked pickles, TorchScript, packages."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_UNSAFE = ("AML.T0011.000", "AML.T0018.002")
_CORRUPT = ("AML.T0076", "AML.T0011.000")
_AGAIN = (
    "do not load it; get the checkpoint again from its source, or save it again with torch.save"
)

MALFORMED = Rule(
    id="SW-TORCH-001",
    effect="fail",
    severity="high",
    title="The file is not a well-formed torch checkpoint",
    why=(
        "Its parts do not follow each other as torch.save writes them. torch runs the pickles that "
        "it reaches before it meets the error."
    ),
    example="a legacy checkpoint that ends after its magic number",
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(20,),
)
STORAGE = Rule(
    id="SW-TORCH-002",
    effect="fail",
    severity="high",
    title="A tensor's storage and its record do not fit together",
    why=(
        "The pickle says how many elements a storage has, and the record holds the bytes. Where "
        "the record is missing or shorter, versions of torch have read past its end; where it is "
        "longer, bytes hide behind the numbers."
    ),
    example="('storage', torch.FloatStorage, '0', 'cpu', 1000000) with a record data/0 of 4 bytes",
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(125,),
)
TENSOR = Rule(
    id="SW-TORCH-003",
    effect="fail",
    severity="high",
    title="A tensor lies outside its storage",
    why=(
        "Offset, size and strides lead to elements that the storage does not have. A loader "
        "without a check of its own reads foreign memory."
    ),
    example=(
        "torch._utils._rebuild_tensor_v2(storage of 4 elements, offset 2, size (4,), stride (1,))"
    ),
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(125, 190),
)
ROOTS = Rule(
    id="SW-TORCH-004",
    effect="fail",
    severity="high",
    title=(
        "The archive holds more than one checkpoint, or the one that torch loads is not the only "
        "one"
    ),
    why=(
        "torch looks into the folder of the archive's first entry, and without regard to case. "
        "Other tools take the first or the last data.pkl. With two of them, a reviewer and the "
        "loader can look at different ones."
    ),
    example="a/data.pkl (harmless), b/data.pkl (harmful), b/version as the first entry",
    remediation="save the checkpoint again with torch.save; do not repack it",
    atlas=("AML.T0074", "AML.T0011.000"),
    cwe=(436,),
)
EXTRA = Rule(
    id="SW-TORCH-005",
    effect="review",
    severity="medium",
    title="The archive holds a record that no tensor refers to",
    why=(
        "torch.save writes what tensors need and a few small marks. Anything else was added: "
        "notes, or a payload that another part of an attack picks up. It is examined by its "
        "content."
    ),
    example="archive/data/99 in a checkpoint with 10 storages",
    remediation="find out what the record is for, or save the checkpoint again without it",
    atlas=("AML.T0018.002",),
    cwe=(506,),
)
NATIVE = Rule(
    id="SW-TORCH-006",
    effect="fail",
    severity="critical",
    title="The archive holds native code",
    why=(
        "Packages of AOTInductor contain a shared library; loading the package loads the library "
        "into the process, which runs its initializers. Nobody can tell from the file what it "
        "does."
    ),
    example="model.pt2 with data/aotinductor/model/model.so",
    remediation="ask for the exported program without compiled code, and compile it yourself",
    atlas=_UNSAFE,
    cwe=(829, 94),
)
PACKAGE = Rule(
    id="SW-TORCH-007",
    effect="review",
    severity="high",
    title="The archive is a torch package: it brings Python source that runs as it loads",
    why=(
        "torch.package imports the modules in the archive to build the model, which executes them. "
        "A person has to read them before anything loads the file."
    ),
    example="model.pt with .data/extern_modules and my_model/__init__.py",
    remediation=(
        "read every .py in the archive; prefer a state_dict with the code in your repository"
    ),
    atlas=_UNSAFE,
    cwe=(829, 94),
)
MARK = Rule(
    id="SW-TORCH-008",
    effect="fail",
    severity="medium",
    title="One of the small marks of a torch archive is not what torch writes",
    why=(
        "version, byteorder and the like hold a word or a number. Something else there is damage, "
        "or a place where something hides."
    ),
    example="archive/byteorder with 4 KiB of bytes",
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(20,),
)
TRAILING = Rule(
    id="SW-TORCH-009",
    effect="fail",
    severity="high",
    title="Bytes follow the last storage of a legacy checkpoint",
    why=(
        "torch reads the storages that the keys name and ignores the rest, so anything can travel "
        "there."
    ),
    example="torch.save(…, _use_new_zipfile_serialization=False), followed by a program",
    remediation="save the checkpoint again, and find out who appended the bytes",
    atlas=("AML.T0018.002",),
    cwe=(506,),
)

RULES = (MALFORMED, STORAGE, TENSOR, ROOTS, EXTRA, NATIVE, PACKAGE, MARK, TRAILING)
