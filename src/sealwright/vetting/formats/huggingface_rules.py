"""The rules of Hugging Face layouts: what configurations have a loader fetch, import or open."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_ATLAS = ("AML.T0011.000", "AML.T0010.003")

OWN_CODE = Rule(
    id="SW-HF-001",
    effect="review",
    severity="high",
    title="The configuration names Python code that comes with the model",
    remediation="read the code, pin the revision, or use a model that its library supports",
    why="With `trust_remote_code=True` the loader imports the module that `auto_map` or "
    "`custom_pipelines` names, from the files of the model, and runs it with your rights.",
    example='"auto_map": {"AutoModel": "modeling_mine.MyModel"}',
    atlas=_ATLAS,
    cwe=(829,),
)
FOREIGN_CODE = Rule(
    id="SW-HF-002",
    effect="review",
    severity="high",
    title="The configuration names code in another repository",
    remediation="copy the code into the model after you have read it, and pin its revision",
    why="The loader fetches the code from there each time, in the version of that day: whoever "
    "owns the other repository decides what runs on your machine.",
    example='"auto_map": {"AutoModel": "someone/else--modeling.Model"}',
    atlas=_ATLAS,
    cwe=(829, 494),
)
TRUSTED = Rule(
    id="SW-HF-003",
    effect="review",
    severity="high",
    title="The configuration turns on trust in remote code",
    remediation="remove the entry; the one who loads the model decides about it",
    why="Programs that hand the configuration on to the loader then run the model's code without "
    "asking.",
    example='"trust_remote_code": true',
    atlas=_ATLAS,
    cwe=(829,),
)
ESCAPE = Rule(
    id="SW-HF-004",
    effect="fail",
    severity="critical",
    title="A path in the configuration leads out of the model's folder",
    remediation="do not load it; get the model again from its source",
    why="The loader opens the path as if it were a file of the model: it reads files of the host, "
    "or takes weights and code that were never examined.",
    example='"weight_map": {"w": "../../etc/passwd"}',
    atlas=("AML.T0011.000",),
    cwe=(22,),
)
MISSING = Rule(
    id="SW-HF-005",
    effect="inconclusive",
    severity="medium",
    title="A file that the model needs is not there",
    remediation="fetch all files of the model, and scan again",
    why="It will come from somewhere when the model is loaded, and nobody has examined it.",
    example='"weight_map": {"w": "model-00002-of-00002.safetensors"}, and only the first shard',
    atlas=("AML.T0010.003",),
)
UNKNOWN_CLASS = Rule(
    id="SW-HF-006",
    effect="review",
    severity="medium",
    title="The configuration names a class that is not of its library",
    remediation="look at the class that is named, and at where it is installed from",
    why="The loader imports the name and builds the class.",
    example='[{"idx": 0, "path": "", "type": "my_package.Evil"}]',
    atlas=_ATLAS,
    cwe=(470,),
)
DANGEROUS_CLASS = Rule(
    id="SW-HF-007",
    effect="fail",
    severity="critical",
    title="The configuration names a dangerous function as a class",
    remediation="do not load the model",
    why="The loader imports the name and calls it while it loads the model.",
    example='[{"idx": 0, "path": "id", "type": "os.system"}]',
    atlas=_ATLAS,
    cwe=(470, 94),
)
NATIVE_CODE = Rule(
    id="SW-HF-008",
    effect="review",
    severity="high",
    title="The configuration has the loader fetch compiled code",
    remediation="name an implementation that comes with the library",
    why="An attention implementation with a slash is a repository of kernels: the loader "
    "downloads a compiled library from it and loads that into the process.",
    example='"attn_implementation": "someone/kernels"',
    atlas=_ATLAS,
    cwe=(829, 494),
)
REMOTE_WEIGHTS = Rule(
    id="SW-HF-009",
    effect="warn",
    severity="low",
    title="The model is loaded on top of another one",
    remediation="scan the base model as well, and pin its revision",
    why="An adapter is only a difference. The base model that it names is fetched and loaded with "
    "it.",
    example='"base_model_name_or_path": "someone/model"',
    atlas=("AML.T0010.003",),
)
MODULE = Rule(
    id="SW-HF-010",
    effect="review",
    severity="high",
    title="The configuration names a module that the loader imports",
    remediation="find out what the module is, and where it is installed from",
    why="The loader imports the module of that name from wherever Python finds it, the model's "
    "folder and the working folder among the places, and takes classes from it.",
    example='"megatron_config": {}, "megatron_core": "my_package"',
    atlas=_ATLAS,
    cwe=(470,),
)
REMOTE_PART = Rule(
    id="SW-HF-011",
    effect="warn",
    severity="low",
    title="A part of the pipeline comes from another repository",
    remediation="scan that repository as well, and pin its revision",
    why="The loader fetches the part from there each time it loads the pipeline. It is not among "
    "the files that were examined.",
    example='"unet": ["diffusers", "UNet2DConditionModel", {"repo": "someone/model"}]',
    atlas=("AML.T0010.003",),
    cwe=(494,),
)
RULES = (
    OWN_CODE,
    FOREIGN_CODE,
    TRUSTED,
    ESCAPE,
    MISSING,
    UNKNOWN_CLASS,
    DANGEROUS_CLASS,
    NATIVE_CODE,
    REMOTE_WEIGHTS,
    MODULE,
    REMOTE_PART,
)
