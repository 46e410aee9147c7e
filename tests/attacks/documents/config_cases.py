"""Configurations that make a loader import, call, fetch or open something."""

from __future__ import annotations

import tarfile
from io import BytesIO
from typing import Any

from tests.attacks.documents.case import Case, text


def node(loader: str, name: str, **more: Any) -> dict[str, Any]:
    """A node of a skops schema."""
    module, _, last = name.rpartition(".")
    return {"__class__": last, "__module__": module, "__loader__": loader, **more}


def schema(root: dict[str, Any], **more: Any) -> bytes:
    """A skops schema."""
    return text({**root, "protocol": 2, "_skops_version": "0.16.0", **more})


def words(*values: str) -> dict[str, Any]:
    """A tuple of texts as skops writes it."""
    content = [node("JsonNode", "builtins.str", content=f'"{value}"') for value in values]
    return node("TupleNode", "builtins.tuple", content=content)


_YAML = {
    "apply": ("!!python/object/apply:os.system ['echo a']", "SW-YAML-001", "fail"),
    "new": ("!!python/object/new:subprocess.Popen [['echo']]", "SW-YAML-001", "fail"),
    "object": ("a: !!python/object:os.environ {}", "SW-YAML-001", "fail"),
    "name": ("a: !!python/name:os.system", "SW-YAML-001", "fail"),
    "module": ("a: !!python/module:os ''", "SW-YAML-001", "fail"),
    "verbatim": (
        "a: !<tag:yaml.org,2002:python/object/apply:os.system> [a]",
        "SW-YAML-001",
        "fail",
    ),
    "handle": (
        "%TAG !e! tag:yaml.org,2002:python/\n---\na: !e!name:os.system",
        "SW-YAML-001",
        "fail",
    ),
    "key": ("? !!python/object/apply:os.system [a]\n: b", "SW-YAML-001", "fail"),
    "second-document": ("a: 1\n---\n!!python/object/apply:os.system [a]", "SW-YAML-001", "fail"),
    "before-an-error": ("--- !!python/object/apply:os.system [a]\n--- {", "SW-YAML-001", "fail"),
    "deep": ("[" * 60 + "!!python/name:os.system ''" + "]" * 60, "SW-YAML-001", "fail"),
    "java": ("!!javax.script.ScriptEngineManager [a]", "SW-YAML-002", "fail"),
    "ruby": ("--- !ruby/object:Gem::Installer\ni: x", "SW-YAML-002", "fail"),
    "hyperpyyaml-apply": ("a: !apply:os.system [echo]", "SW-YAML-001", "fail"),
    "hyperpyyaml-new": ("a: !new:mine.Model", "SW-YAML-003", "review"),
    "unknown-tag": ("a: !include /etc/passwd", "SW-YAML-004", "review"),
    "endless": ("a: &a [*a]", "SW-YAML-005", "fail"),
    "laughs": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "SW-YAML-005",
        "fail",
    ),
}
_TARGETS = {
    "target": ({"_target_": "os.system", "command": "echo"}, "SW-HYDRA-001", "fail"),
    "exec": ({"_target_": "builtins.exec", "_args_": ["a"]}, "SW-HYDRA-001", "fail"),
    "bare-builtin": ({"_target_": "eval"}, "SW-HYDRA-001", "fail"),
    "deep": ({"a": [{"b": {"c": {"_target_": "subprocess.Popen"}}}]}, "SW-HYDRA-001", "fail"),
    "walked": ({"_target_": "nemo.core.classes.common.os.system"}, "SW-HYDRA-001", "fail"),
    "camel-case": (
        {"_target_": "nemo.collections.asr.models.subprocess.Popen"},
        "SW-HYDRA-001",
        "fail",
    ),
    "dunder": ({"_target_": "torch.nn.Linear.__init__.__globals__"}, "SW-HYDRA-001", "fail"),
    "getter": ({"_target_": "hydra.utils.get_method", "path": "os.system"}, "SW-HYDRA-001", "fail"),
    "partial": ({"_partial_": True, "_target_": "torch.hub.load"}, "SW-HYDRA-001", "fail"),
    "old-latent-diffusion": ({"target": "os.system", "params": {}}, "SW-HYDRA-001", "fail"),
    "lightning-cli": ({"class_path": "subprocess.Popen", "init_args": {}}, "SW-HYDRA-001", "fail"),
    "torchtune": ({"_component_": "torch.load"}, "SW-HYDRA-001", "fail"),
    "mlflow": (
        {"flavors": {"python_function": {"loader_module": "evil"}}},
        "SW-HYDRA-002",
        "review",
    ),
    "mlflow-code": ({"flavors": {"a": {"model_code_path": "a.py"}}}, "SW-HYDRA-002", "review"),
    "mlflow-dotted": (
        {"flavors": {"python_function": {"loader_module": "my.evil"}}},
        "SW-HYDRA-002",
        "review",
    ),
    "with-arguments": ({"class": "os.system", "args": ["echo"]}, "SW-HYDRA-001", "fail"),
    "beside-nothing": ({"type": "os.system.from_params"}, "SW-HYDRA-002", "review"),
    "haystack": (
        {"components": {"a": {"type": "os.system", "init_parameters": {"command": "echo"}}}},
        "SW-HYDRA-001",
        "fail",
    ),
    "autogen": (
        {"provider": "subprocess.Popen", "config": {"args": ["a"]}},
        "SW-HYDRA-001",
        "fail",
    ),
    "gluonts": ({"__kind__": "type", "class": "os.system"}, "SW-HYDRA-001", "fail"),
    "gluonts-unknown": ({"__kind__": "instance", "class": "mine.M"}, "SW-HYDRA-002", "review"),
    "mlserver": ({"name": "m", "implementation": "mine.Model"}, "SW-HYDRA-002", "review"),
    "mmengine": ({"custom_imports": {"imports": ["mine"]}}, "SW-HYDRA-002", "review"),
    "jsonpickle": (
        {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["echo"]}]},
        "SW-HYDRA-001",
        "fail",
    ),
    "jsonpickle-evaluated": ({"py/repr": "os/os.getcwd()"}, "SW-HYDRA-002", "review"),
    "jsonpickle-own": ({"py/object": "__main__.Model"}, "SW-HYDRA-002", "review"),
    "restored-not-built": (
        {"_target_": "xgboost.core.Booster", "model_file": "elsewhere.ubj"},
        "SW-HYDRA-002",
        "review",
    ),
    "unknown": ({"_target_": "mine.models.Net"}, "SW-HYDRA-002", "review"),
    "computed": ({"_target_": "os.${a}"}, "SW-HYDRA-002", "review"),
    "resolver": ({"a": "${eval:'1'}"}, "SW-HYDRA-003", "review"),
    "logging": ({"handlers": {"a": {"()": "os.system"}}}, "SW-HYDRA-001", "fail"),
}
_HUGGINGFACE = {
    "auto-map": ({"auto_map": {"AutoModel": "modeling.Net"}}, "SW-HF-001", "review"),
    "auto-map-list": ({"auto_map": {"AutoTokenizer": ["tok.Slow", None]}}, "SW-HF-001", "review"),
    "auto-map-elsewhere": ({"auto_map": {"AutoModel": "a/b--c.Net"}}, "SW-HF-002", "review"),
    "auto-map-escapes": ({"auto_map": {"AutoModel": "../../evil.Net"}}, "SW-HF-004", "fail"),
    "custom-pipelines": (
        {"custom_pipelines": {"x": {"impl": "x.P", "pt": ["A"]}}},
        "SW-HF-001",
        "review",
    ),
    "trusted": ({"model_kwargs": {"trust_remote_code": True}}, "SW-HF-003", "review"),
    "shard-upwards": ({"weight_map": {"w": "../../etc/passwd"}}, "SW-HF-004", "fail"),
    "shard-absolute": ({"weight_map": {"w": "/etc/passwd"}}, "SW-HF-004", "fail"),
    "shard-address": ({"weight_map": {"w": "https://example.org/w"}}, "SW-HF-004", "fail"),
    "shard-windows": ({"weight_map": {"w": "..\\..\\w"}}, "SW-HF-004", "fail"),
    "shard-number": ({"weight_map": {"w": 5}}, "SW-HF-004", "fail"),
    "kernels": ({"_attn_implementation": "someone/kernels"}, "SW-HF-008", "review"),
    "activation": ({"activation_function": "os.system"}, "SW-HF-007", "fail"),
    "activation-unknown": ({"activation_function": "mine.Act"}, "SW-HF-006", "review"),
    "modules": ([{"idx": 0, "name": "0", "path": "id", "type": "os.system"}], "SW-HF-007", "fail"),
    "modules-unknown": (
        [{"idx": 0, "name": "0", "path": "", "type": "a.B"}],
        "SW-HF-006",
        "review",
    ),
    "modules-path": (
        [{"idx": 0, "path": "../x", "type": "sentence_transformers.models.Pooling"}],
        "SW-HF-004",
        "fail",
    ),
    "diffusers": ({"_class_name": "P", "unet": ["os", "system"]}, "SW-HF-007", "fail"),
    "diffusers-own": ({"_class_name": "P", "unet": ["my_unet", "Net"]}, "SW-HF-006", "review"),
    "diffusers-pipeline": ({"_class_name": ["pipeline", "P"], "unet": []}, "SW-HF-001", "review"),
    "diffusers-modular": (
        {"_class_name": "P", "unet": ["evil_mod", "Net", {"repo": "a/b"}]},
        "SW-HF-006",
        "review",
    ),
    "diffusers-modular-dangerous": (
        {"_blocks_class_name": "B", "unet": ["os", "system", {"repo": "a/b"}]},
        "SW-HF-007",
        "fail",
    ),
    "diffusers-modular-hint": (
        {"_class_name": "P", "unet": [None, None, {"type_hint": ["evil_mod", "Net"]}]},
        "SW-HF-006",
        "review",
    ),
    "tokenizer-class": ({"tokenizer_class": "evil_tok.Tok"}, "SW-HF-006", "review"),
    "tokenizer-class-of-the-library": (
        {"tokenizer_class": "sentence_transformers.util.http_get"},
        "SW-HF-006",
        "review",
    ),
    "tokenizer-class-dangerous": ({"tokenizer_class": "os.system"}, "SW-HF-007", "fail"),
    "tokenizer-class-walked": (
        {"tokenizer_class": "sentence_transformers.util.os.system"},
        "SW-HF-007",
        "fail",
    ),
    "megatron": (
        {"peft_type": "LORA", "megatron_config": {}, "megatron_core": "evil_mod"},
        "SW-HF-010",
        "review",
    ),
    "megatron-dangerous": (
        {"peft_type": "LORA", "megatron_config": {"a": 1}, "megatron_core": "os"},
        "SW-HF-007",
        "fail",
    ),
    "peft-library": (
        {
            "peft_type": "LORA",
            "auto_mapping": {"base_model_class": "system", "parent_library": "os"},
        },
        "SW-HF-007",
        "fail",
    ),
}


def nemo(target: str) -> bytes:
    """A NeMo archive: a tar with the configuration of a model."""
    settings = (
        f"target: nemo.collections.asr.models.EncDecCTCModelBPE\nencoder:\n  _target_: {target}\n"
    )
    found = BytesIO()
    with tarfile.open(fileobj=found, mode="w") as archive:
        entry = tarfile.TarInfo("./model_config.yaml")
        entry.size = len(settings)
        archive.addfile(entry, BytesIO(settings.encode()))
    return found.getvalue()


def xml(doctype: str, body: str) -> str:
    """An XML document."""
    return f'<?xml version="1.0"?>{doctype}{body}'


_ENTITY = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
_REMOTE = '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://example.org/e.dtd"> %b;]>'
_CLAIMED = '<!DOCTYPE a PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://example.org/e.dtd">'
_SUBSET = '<!DOCTYPE a SYSTEM "http://example.org/e.dtd">'
_LAUGHS = '<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'
_INCLUDE = '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd"/></a>'
_JAVA = '<PMML xmlns="http://www.dmg.org/PMML-4_4"><Apply function="com.example.Evil"/></PMML>'
_XML = {
    "external-entity": (_ENTITY, "<PMML>&b;</PMML>", "utf-8", "SW-XML-001"),
    "external-entity-not-used": (_ENTITY, "<PMML/>", "utf-8", "SW-XML-001"),
    "in-sixteen-bits": (_ENTITY, "<PMML/>", "utf-16", "SW-XML-001"),
    "parameter-entity": (_REMOTE, "<a/>", "utf-8", "SW-XML-001"),
    "external-subset": (_SUBSET, "<a/>", "utf-8", "SW-XML-001"),
    "claims-a-standard": (_CLAIMED, "<a/>", "utf-8", "SW-XML-001"),
    "include": ("", _INCLUDE, "utf-8", "SW-XML-001"),
    "laughs": (_LAUGHS, "<a>&b;</a>", "utf-8", "SW-XML-002"),
    "java-function": ("", _JAVA, "utf-8", "SW-XML-004"),
    "style-sheet": ("", '<?xml-stylesheet href="x.xsl"?><a/>', "utf-8", "SW-XML-004"),
}
_METHOD = {"func": "echo", "obj": node("ObjectNode", "sklearn.svm._classes.SVC", content=words())}
_SKOPS = {
    "function": (schema(node("FunctionNode", "os.system")), "SW-SKOPS-001"),
    "type": (schema(node("TypeNode", "subprocess.Popen")), "SW-SKOPS-001"),
    "constructor": (
        schema(node("ConstructorFromReduceNode", "subprocess.Popen", content=words("echo"))),
        "SW-SKOPS-001",
    ),
    "partial": (
        schema(
            node(
                "PartialNode",
                "functools.partial",
                content={"func": node("FunctionNode", "builtins.exec"), "args": words("1")},
            )
        ),
        "SW-SKOPS-001",
    ),
    "operator-of-another-module": (
        schema(node("OperatorFuncNode", "sklearn.call", attrs=words("a"))),
        "SW-SKOPS-003",
    ),
    "operator-call": (
        schema(node("OperatorFuncNode", "operator.call", attrs=words("a"))),
        "SW-SKOPS-003",
    ),
    "attribute-of-internals": (
        schema(node("OperatorFuncNode", "operator.attrgetter", attrs=words("__globals__"))),
        "SW-SKOPS-001",
    ),
    "method-under-another-name": (
        schema(node("MethodNode", "builtins.str", content=_METHOD)),
        "SW-SKOPS-003",
    ),
    "method-of-internals": (
        schema(
            node(
                "MethodNode",
                "sklearn.svm._classes.SVC",
                content={**_METHOD, "func": "__getattribute__"},
            )
        ),
        "SW-SKOPS-001",
    ),
    "old-function": (
        schema(
            node(
                "FunctionNode",
                "builtins.function",
                content={"module_path": "os", "function": "system"},
            ),
            protocol=0,
        ),
        "SW-SKOPS-001",
    ),
    "walked-name": (schema(node("ObjectNode", "sklearn.utils.os.system")), "SW-SKOPS-001"),
    "dotted-class": (
        schema({**node("TypeNode", "sklearn.a"), "__class__": "os.system"}),
        "SW-SKOPS-005",
    ),
    "negative-protocol": (schema(node("TypeNode", "builtins.int"), protocol=-1), "SW-SKOPS-005"),
    "two-roots": (
        b'{"__class__": "eval", "__module__": "builtins", "__loader__": "TypeNode", "protocol": 2, '
        b'"__class__": "int"}',
        "SW-DOC-001",
    ),
}

CASES = (
    *(
        Case(name=f"yaml-{name}", data=data.encode(), path="config.yaml", rule=rule, ends=ends)
        for name, (data, rule, ends) in _YAML.items()
    ),
    Case(
        name="yaml-in-sixteen-bits",
        data="a: !!python/name:os.system".encode("utf-16"),
        path="config.yaml",
        rule="SW-YAML-001",
    ),
    Case(
        name="yaml-called-text",
        data=b"a: !!python/object/apply:os.system [a]\n",
        path="README.txt",
        rule="SW-YAML-001",
    ),
    Case(
        name="yaml-called-json",
        data=b'{"a": !!python/object/apply:os.system ["a"]}',
        rule="SW-YAML-001",
    ),
    *(
        Case(name=f"hydra-{name}", data=text(value), rule=rule, ends=ends)
        for name, (value, rule, ends) in _TARGETS.items()
    ),
    Case(
        name="hydra-in-yaml",
        data=b"model:\n  _target_: posix.system\n  _args_: [echo]\n",
        path="model_config.yaml",
        rule="SW-HYDRA-001",
    ),
    Case(
        name="hydra-by-merge",
        data=b"a: &a {_target_: os.system}\nb:\n  <<: *a\n",
        path="model_config.yaml",
        rule="SW-HYDRA-001",
    ),
    Case(
        name="hydra-in-nemo",
        data=nemo("os.system"),
        path="model.nemo",
        rule="SW-HYDRA-001",
    ),
    Case(
        name="hydra-in-toml",
        data=b'[model]\n_target_ = "os.system"\n',
        path="config.toml",
        rule="SW-HYDRA-001",
    ),
    Case(
        name="hydra-in-json-lines",
        data=text({"a": 1}) + b"\n" + text({"_target_": "os.system"}) + b"\n",
        path="configs.jsonl",
        rule="SW-HYDRA-001",
    ),
    *(
        Case(name=f"huggingface-{name}", data=text(value), rule=rule, ends=ends)
        for name, (value, rule, ends) in _HUGGINGFACE.items()
    ),
    *(
        Case(
            name=f"skops-{name}",
            data=data,
            path="schema.json",
            rule=rule,
            ends="review" if rule == "SW-DOC-001" else "fail",
        )
        for name, (data, rule) in _SKOPS.items()
    ),
    Case(
        name="skops-method",
        data=schema(node("MethodNode", "sklearn.svm._classes.SVC", content=_METHOD)),
        path="schema.json",
        rule="SW-SKOPS-004",
        ends="review",
    ),
    Case(
        name="skops-unknown-class",
        data=schema(node("ObjectNode", "mine.Net")),
        path="schema.json",
        rule="SW-SKOPS-002",
        ends="review",
    ),
    Case(
        name="skops-newer",
        data=schema(node("SecretNode", "builtins.int")),
        path="schema.json",
        rule="SW-SKOPS-006",
        ends="inconclusive",
    ),
    *(
        Case(
            name=f"xml-{name}",
            data=xml(doctype, body).encode(encoding),
            path="model.pmml",
            rule=rule,
            ends="review" if rule == "SW-XML-004" else "fail",
        )
        for name, (doctype, body, encoding, rule) in _XML.items()
    ),
)
