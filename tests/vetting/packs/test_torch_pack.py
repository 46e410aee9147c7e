"""Packs of torch and what is built on it: ordinary objects pass; what loads, imports, runs or
redirects stays out, also where a function of torch would do it for the stream."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.torch_arguments import MAGIC
from sealwright.vetting.scan import scan_paths
from tests.attacks.tensors.torch_zip import checkpoint
from tests.vetting.pickle.assemble import (
    EMPTY,
    NONE,
    build,
    call,
    listed,
    mapped,
    name,
    new,
    number,
    put,
    raw,
    several,
    text,
    true,
    verdict,
)

BENIGN = Path(__file__).parents[2] / "benign" / "torch_objects"
ALLOWED = (
    *("torch.nn.modules.linear.Linear", "torch.nn.modules.transformer.TransformerEncoder"),
    *("torch.nn.quantized.dynamic.modules.linear.Linear", "torch.optim.adam.Adam"),
    *("torch.optim.lr_scheduler.StepLR", "torch.distributions.normal.Normal"),
    *("torch.nn.functional.relu", "torch._C._nn.gelu", "torch.bfloat16", "torch.Size"),
    *("torchvision.models.resnet.ResNet", "torchvision.transforms.transforms.Compose"),
    *(
        "timm.models.vision_transformer.VisionTransformer",
        "transformers.training_args.ParallelMode",
    ),
    *("transformers.models.bert.modeling_bert.BertModel", "accelerate.state.PartialState"),
    *("transformers.models.llama.configuration_llama.LlamaConfig", "tokenizers.AddedToken"),
    *("lightning.fabric.utilities.data.AttributeDict", "omegaconf.dictconfig.DictConfig"),
    *("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",),
    *("sentence_transformers.sentence_transformer.model.SentenceTransformer",),
)
GADGETS = (
    *("torch.load", "torch.serialization.load", "torch.serialization._load", "torch.hub.load"),
    *("torch.jit.load", "torch.jit._serialization.load", "torch.jit._pickle.build_tensor_from_id"),
    *("torch.jit._script.ScriptModule", "torch.jit.frontend.get_jit_def", "torch.ops.load_library"),
    *("torch._ops._Ops.load_library", "torch.classes.load_library", "torch._ops.OpOverload"),
    *("torch.package.package_importer.PackageImporter", "torch.package.importer.OrderedImporter"),
    *("torch.fx.graph_module.GraphModule", "torch.fx.graph_module.reduce_graph_module"),
    *("torch.fx.graph_module._exec_with_source", "torch.fx._symbolic_trace.symbolic_trace"),
    *("torch._dynamo.guards.CheckFunctionManager", "torch._dynamo.eval_frame.OptimizedModule"),
    *(
        "torch._inductor.codecache.PyCodeCache.load",
        "torch._inductor.runtime.compile_tasks._reload_python_module",
    ),
    *("torch.utils.cpp_extension.load", "torch.utils.collect_env.run"),
    *("torch._utils._import_dotted_name", "torch.utils.data.datapipes.datapipe._DataPipe"),
    *("torch.utils.data.datapipes.datapipe._IterDataPipeSerializationWrapper",),
    *("torch.utils.data.datapipes.utils.common.StreamWrapper", "torch.utils.model_zoo.load_url"),
    *("torch.utils.tensorboard.writer.SummaryWriter", "torch.utils._config_module.ConfigModule"),
    *("torch.utils._pytree._deserialize", "torch.utils.checkpoint.checkpoint", "torch.from_file"),
    *("torch.distributed.rpc.internal.PythonUDF", "torch.distributed.launcher.api.LaunchConfig"),
    *("torch.distributed.elastic.multiprocessing.api.start_processes", "torch.frombuffer"),
    *("torch.distributed.nn.api.remote_module.RemoteModule", "torch.multiprocessing.spawn.spawn"),
    *("torch.multiprocessing.reductions.rebuild_storage_fd", "torch.UntypedStorage.from_file"),
    *("torch.multiprocessing.reductions.rebuild_typed_storage_child", "torch.storage.TypedStorage"),
    *(
        "torch.nn.parallel.distributed.DistributedDataParallel",
        "torch.export.exported_program.ExportedProgram",
    ),
    *("torch.onnx.utils.export", "torch.backends._nnapi.serializer._NnapiSerializer"),
    *("torch.autograd.function.Function", "torch.autograd.graph.save_on_cpu", "torch.compile"),
    *("torch.testing._internal.common_utils.subprocess", "torch.os.system", "torch.nn.torch.load"),
    *("torch.nn.modules.module.torch.load", "torch.nn.modules.lazy.LazyModuleMixin"),
    *(
        "torch.nn.functional.torch.os.system",
        "torch.distributed.checkpoint.filesystem.FileSystemReader",
    ),
    *("__torch__.Model", "__torch__.torch.nn.modules.linear.Linear", "torchvision.io.read_file"),
    *("torchvision.datasets.utils.download_url", "torchvision.datasets.mnist.MNIST"),
    *("torchvision.models._api.get_model", "torchvision.extension._load_library"),
    *("timm.models._hub.load_state_dict_from_hf", "timm.models._factory.create_model"),
    *("transformers.pipelines.pipeline", "transformers.dynamic_module_utils.get_class_in_module"),
    *("transformers.models.auto.modeling_auto.AutoModel", "transformers.utils.hub.cached_file"),
    *("transformers.trainer.Trainer", "transformers.utils.import_utils._LazyModule"),
    *("transformers.models.auto.auto_factory._LazyAutoMapping",),
    *(
        "transformers.models.rag.retrieval_rag.LegacyIndex",
        "transformers.modeling_utils.load_state_dict",
    ),
    *(
        "transformers.tokenization_utils_sentencepiece.SentencePieceBackend",
        "huggingface_hub.hf_hub_download",
    ),
    *(
        "huggingface_hub.utils._cache_manager.scan_cache_dir",
        "accelerate.launchers.notebook_launcher",
    ),
    *("accelerate.optimizer.AcceleratedOptimizer", "accelerate.utils.other.load"),
    *("lightning.fabric.utilities.cloud_io._load", "lightning.pytorch.trainer.trainer.Trainer"),
    *("lightning.pytorch.loggers.tensorboard.TensorBoardLogger",),
    *("lightning.pytorch.core.module.LightningModule.load_from_checkpoint",),
    *(
        "pytorch_lightning.utilities.migration.utils._patch_pl_to_mirror",
        "torchmetrics.metric.Metric",
    ),
    *(
        "omegaconf.omegaconf.OmegaConf.load",
        "omegaconf.resolvers.oc.env",
        "omegaconf._utils.get_yaml_loader",
    ),
    *("sentence_transformers.util.http_get", "sentence_transformers.util.import_from_string"),
    *("sentence_transformers.util.misc.import_from_string", "tokenizers.Tokenizer.from_file"),
    *("peft.peft_model.PeftModel", "torch.nn.modules.module.Module.__setstate__"),
)
HOOKS = new(name("collections.OrderedDict"))


def stored(data: bytes) -> bytes:
    """A storage of these bytes."""
    return call(name("torch.storage._load_from_bytes"), raw(data))


def storage_file() -> bytes:
    """What `_load_from_bytes` is really given: a torch file of four floats."""
    tail = pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    main = b"\x80\x02(" + text("storage") + name("torch.FloatStorage")
    main += text("0") + text("cpu") + number(4) + NONE + b"tQ."
    return MAGIC + tail + main + pickle.dumps(["0"], 2) + (4).to_bytes(8, "little") + bytes(16)


def tensor(storage: bytes = b"", *, offset: int = 0, size: int = 4, **more: bytes) -> bytes:
    """`_rebuild_tensor_v2` over a storage of bytes."""
    return call(
        name("torch._utils._rebuild_tensor_v2"),
        storage or stored(storage_file()),
        number(offset),
        several(number(size)),
        several(number(1)),
        more.get("flag", b"\x89"),
        more.get("hooks", HOOKS),
    )


def split(dotted: str) -> tuple[str, str]:
    module, _, last = dotted.rpartition(".")
    return module, last


@pytest.mark.parametrize("path", sorted(BENIGN.iterdir()), ids=lambda path: path.name)
def test_objects_of_these_libraries_pass(path: Path) -> None:
    outcome = scan_paths([path])
    assert [seen.finding.message for seen in outcome.observations] == []
    assert outcome.verdict == "pass"


@pytest.mark.parametrize("dotted", ALLOWED)
def test_ordinary_names_are_in(dotted: str) -> None:
    assert builtin_policy().entry(*split(dotted)) is not None


@pytest.mark.parametrize("dotted", GADGETS)
def test_what_loads_imports_or_runs_is_in_no_pack(dotted: str) -> None:
    assert builtin_policy().entry(*split(dotted)) is None
    assert verdict(new(name(dotted))) in {"fail", "review"}
    assert verdict(call(name(dotted), text("x"))) == "fail"


@pytest.mark.parametrize(
    "dotted",
    [
        *("torch.nn.modules.linear.Linear", "torch.optim.adam.Adam", "torch.Tensor"),
        *("torch.float32", "torch.nn.functional.relu"),
        "transformers.models.bert.modeling_bert.BertModel",
    ],
)
def test_nothing_of_them_is_called_by_the_stream(dotted: str) -> None:
    assert verdict(call(name(dotted), number(10**12))) == "fail"


class TestStorages:
    def test_bytes_of_a_torch_file_pass(self) -> None:
        assert verdict(tensor()) == "pass"

    @pytest.mark.parametrize(
        "data",
        [
            *(b"", b"\x80\x02cposix\nsystem\n.", b"cposix\nsystem\n(Vid\ntR.", bytes(64)),
            *(MAGIC[:-1], b"\x80\x04" + MAGIC[2:], b"ustar" + bytes(600)),
            MAGIC[:8] + b"cposix\nsystem\n.",
        ],
    )
    def test_other_bytes_fail(self, data: bytes) -> None:
        assert verdict(stored(data)) == "fail"

    @pytest.mark.parametrize(
        "argument", [text("PK\x03\x04"), call(name("builtins.bytes"), listed(number(80))), NONE]
    )
    def test_what_is_no_constant_fails(self, argument: bytes) -> None:
        assert verdict(call(name("torch.storage._load_from_bytes"), argument)) == "fail"

    def test_another_codec_would_give_other_bytes(self) -> None:
        held = storage_file().decode("latin-1")
        for codec, wanted in (("latin1", "pass"), ("utf-8", "fail")):
            spelled = call(name("_codecs.encode"), text(held), text(codec))
            assert verdict(tensor(call(name("torch.storage._load_from_bytes"), spelled))) == wanted

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_pickle_inside_is_examined(self, tmp_path: Path, *, packed: bool) -> None:
        attack = b"\x80\x02cposix\nsystem\n(Vtouch pwned\ntR."
        data = MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + attack
        if packed:
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as archive:
                archive.writestr("archive/data.pkl", attack)
            data = content.getvalue()
        path = tmp_path / "model.pkl"
        path.write_bytes(b"\x80\x04" + stored(data) + b".")
        outcome = scan_paths([path])
        assert outcome.verdict == "fail"
        assert "SW-PKL-001" in {seen.rule.id for seen in outcome.observations}


class TestTensors:
    @pytest.mark.parametrize(
        "body",
        [
            tensor(offset=10**9),
            tensor(size=10**12),
            tensor(offset=-1),
            tensor(text("no storage")),
            tensor(new(name("torch.nn.modules.linear.Linear"))),
            tensor(hooks=new(name("torch.nn.modules.linear.Linear"))),
            tensor(flag=text("x")),
            call(name("torch._utils._rebuild_parameter"), text("x"), true(), HOOKS),
            call(
                name("torch._utils._rebuild_meta_tensor_no_storage"), text("x"), EMPTY, EMPTY, NONE
            ),
            call(name("torch._utils._rebuild_sparse_tensor"), text("x"), several(tensor())),
            call(name("torch._utils._rebuild_nested_tensor"), tensor(), tensor(), tensor()),
            call(name("torch.device"), name("posix.system")),
            call(name("torch.Size"), text("x")),
            call(name("torch.serialization._get_layout"), number(1)),
        ],
    )
    def test_arguments_that_torch_never_writes(self, body: bytes) -> None:
        assert verdict(body) == "fail"

    def test_an_object_that_acts_as_an_array_is_none(self) -> None:
        rebuild = name("torch._utils._rebuild_device_tensor_from_cpu_tensor")
        gadget = build(new(name("argparse.Namespace")), mapped(text("to"), name("builtins.len")))
        arguments = (name("torch.float32"), text("cpu"), b"\x89")
        assert verdict(call(rebuild, gadget, *arguments)) == "fail"
        assert verdict(call(rebuild, tensor(), *arguments)) == "pass"

    def test_a_repeated_element_of_a_quantized_tensor_is_not_spread_out(self) -> None:
        def quantized(stride: int) -> bytes:
            kind = several(name("torch.per_tensor_affine"), number(1), number(0))
            return call(
                name("torch._utils._rebuild_qtensor"),
                *(stored(storage_file()), number(0)),
                *(several(number(4), number(10**9 if not stride else 1)),),
                *(several(number(1), number(stride)), kind, b"\x89", HOOKS),
            )

        assert verdict(quantized(1)) == "pass"
        assert verdict(quantized(0)) == "fail"


class TestAttributes:
    REBUILD = name("torch._utils._rebuild_tensor_v2")

    def retyped(
        self, function: bytes, state: bytes, *, cls: str = "torch.Tensor", args: bytes = b""
    ) -> bytes:
        given = args or several(
            stored(storage_file()),
            *(number(0), several(number(4)), several(number(1)), b"\x89", HOOKS),
        )
        return call(name("torch._tensor._rebuild_from_type_v2"), function, name(cls), given, state)

    def with_state(self, state: bytes) -> bytes:
        rebuild = name("torch._utils._rebuild_parameter_with_state")
        return call(rebuild, tensor(), true(), HOOKS, state)

    @pytest.mark.parametrize("state", [NONE, EMPTY, mapped(text("tag"), listed(number(1)))])
    def test_data_passes(self, state: bytes) -> None:
        assert verdict(self.retyped(self.REBUILD, state)) == "pass"
        assert verdict(self.with_state(state)) == "pass"
        assert verdict(self.with_state(several(state, NONE))) == "pass"

    @pytest.mark.parametrize(
        "state",
        [
            mapped(text("__class__"), name("torch.nn.parameter.Parameter")),
            mapped(text("__setstate__"), name("builtins.len")),
            mapped(text("detach"), name("builtins.len")),
            mapped(text("to"), call(name("operator.attrgetter"), text("x"))),
            mapped(text("detach"), new(name("torch.nn.modules.linear.Linear"))),
            mapped(text("a b"), number(1)),
            mapped(number(1), number(1)),
            several(EMPTY, mapped(text("__dict__"), EMPTY)),
            several(EMPTY, EMPTY, EMPTY),
            text("x"),
        ],
    )
    def test_what_can_be_called_or_is_special_does_not(self, state: bytes) -> None:
        assert verdict(self.retyped(self.REBUILD, state)) == "fail"
        assert verdict(self.with_state(state)) == "fail"

    @pytest.mark.parametrize(
        "function",
        [
            "posix.system",
            "torch.load",
            "builtins.eval",
            "torch.nn.functional.relu",
            "builtins.getattr",
            *("torch.storage._load_from_bytes", "copyreg._reconstructor", "torch.Size"),
            *("torch._tensor._rebuild_from_type_v2", "torch.nn.modules.linear.Linear"),
        ],
    )
    def test_it_calls_no_other_function(self, function: str) -> None:
        assert verdict(self.retyped(name(function), NONE, args=several(text("x")))) == "fail"

    def test_its_function_is_given_what_that_one_takes(self) -> None:
        assert verdict(self.retyped(self.REBUILD, NONE, args=several(text("x")))) == "fail"

    def test_it_gives_no_class_that_is_no_tensor(self) -> None:
        body = self.retyped(self.REBUILD, NONE, cls="torch.nn.modules.linear.Linear")
        assert verdict(body) == "fail"

    def test_functions_that_rebuild_are_not_kept(self) -> None:
        assert verdict(listed(self.REBUILD)) == "fail"
        assert verdict(call(name("functools.partial"), self.REBUILD)) == "fail"


class TestObjects:
    def test_a_module_is_set_by_a_dict_alone(self) -> None:
        linear = new(name("torch.nn.modules.linear.Linear"))
        assert verdict(build(linear, mapped(text("training"), true()))) == "pass"
        assert verdict(build(linear, listed(several(text("training"), true())))) == "fail"
        assert verdict(build(linear, mapped(text("__setstate__"), name("builtins.len")))) == "fail"
        assert verdict(put(linear, text("a"), number(1))) == "fail"

    @pytest.mark.parametrize(
        ("key", "value", "wanted"),
        [
            ("defaults", EMPTY, "pass"),
            ("param_groups", listed(EMPTY), "pass"),
            ("_patch_step_function", name("builtins.len"), "fail"),
            ("param_groups", listed(new(name("torch.nn.modules.linear.Linear"))), "fail"),
            ("state", new(name("torch.nn.modules.linear.Linear")), "fail"),
            ("step", NONE, "fail"),
        ],
    )
    def test_an_optimizer_has_no_methods_of_the_file(
        self, key: str, value: bytes, wanted: str
    ) -> None:
        assert verdict(build(new(name("torch.optim.sgd.SGD")), mapped(text(key), value))) == wanted

    @pytest.mark.parametrize(
        "key", ["attribute_map", "SPECIAL_TOKENS_ATTRIBUTES", "convert_tokens_to_ids", "__dict__"]
    )
    def test_a_configuration_does_not_redirect_its_attributes(self, key: str) -> None:
        config = new(name("transformers.models.bert.configuration_bert.BertConfig"))
        table = mapped(text("__setstate__"), text("hook"))
        assert verdict(build(config, mapped(text("hidden_size"), number(8)))) == "pass"
        assert verdict(build(config, mapped(text(key), table))) == "fail"

    @pytest.mark.parametrize("key", ["__setstate__", "__reduce__"])
    def test_items_that_are_attributes_have_no_special_names(self, key: str) -> None:
        made = new(name("lightning.fabric.utilities.data.AttributeDict"))
        assert verdict(put(made, text("lr"), number(1))) == "pass"
        assert verdict(put(made, text(key), name("builtins.len"))) == "fail"

    def test_ordered_dicts_keep_metadata_and_nothing_special(self) -> None:
        made = new(name("collections.OrderedDict"))
        assert verdict(build(made, mapped(text("_metadata"), EMPTY))) == "pass"
        assert verdict(build(made, mapped(text("__class__"), name("builtins.dict")))) == "fail"


def test_script_objects_of_the_file_are_no_python_classes(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    body = b"\x80\x02c__torch__\nModel\n)\x81}b."
    path.write_bytes(checkpoint(body, records=[]))
    assert scan_paths([path]).verdict != "pass"
