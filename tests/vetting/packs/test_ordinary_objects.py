"""Objects that ordinary programs save and that scans used to refuse pass; the same names do no more
than these objects need."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.labels import labels
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

COSINE = name("scipy.spatial.distance.cosine")


def loss(kind: str, *state: bytes, of: str = "") -> bytes:
    """A loss as scikit-learn before 1.3 saves it."""
    module = "sklearn._loss._loss"
    cls = name(f"{module}.{of or kind}")
    return call(name(f"{module}.__pyx_unpickle_{kind}"), cls, number(103600757), *state)


class TestLosses:
    @pytest.mark.parametrize(
        "kind", ["CyPinballLoss", "CyHalfTweedieLoss", "CyHalfTweedieLossIdentity"]
    )
    def test_a_loss_with_a_number_passes(self, kind: str) -> None:
        assert verdict(loss(kind, several(number(1)))) == "pass"

    def test_a_loss_takes_its_own_class_and_numbers(self) -> None:
        tweedie = "CyHalfTweedieLossIdentity"
        assert verdict(loss(tweedie, several(number(1)), of="CyPinballLoss")) == "fail"
        assert verdict(loss(tweedie, several(COSINE))) == "fail"


class TestSchedulers:
    @pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
    def test_a_cyclic_rate_keeps_one_of_its_own_functions(self, mode: str) -> None:
        cyclic = name("torch.optim.lr_scheduler.CyclicLR")
        own = call(name("builtins.getattr"), cyclic, text(f"_{mode}_scale_fn"))
        assert verdict(build(new(cyclic), mapped(text("_scale_fn_ref"), own))) == "pass"
        assert verdict(call(own, number(1))) == "fail"

    @pytest.mark.parametrize("attribute", ["step", "__init__", "__globals__", "_update_lr"])
    def test_it_reaches_nothing_else_of_itself(self, attribute: str) -> None:
        cyclic = name("torch.optim.lr_scheduler.CyclicLR")
        assert verdict(call(name("builtins.getattr"), cyclic, text(attribute))) == "fail"

    @pytest.mark.parametrize("optimizer", ["Adafactor", "Muon"])
    def test_optimizers_take_only_what_optimizers_hold(self, optimizer: str) -> None:
        made = new(name(f"torch.optim.{optimizer}"))
        state = mapped(text("state"), EMPTY, text("param_groups"), listed())
        assert verdict(build(made, state)) == "pass"
        assert verdict(build(made, mapped(text("state"), COSINE))) == "fail"
        assert verdict(build(made, mapped(text("_patch_step_function"), COSINE))) == "fail"


class TestOutputs:
    OUTPUT = name("transformers.modeling_outputs.BaseModelOutput")

    def test_fields_are_kept(self) -> None:
        made = call(self.OUTPUT, NONE, several(number(1)))
        assert verdict(put(made, text("hidden_states"), several(number(1)))) == "pass"

    @pytest.mark.parametrize(
        "first",
        [
            listed(several(text("__class__"), name("collections.OrderedDict"))),
            mapped(text("__class__"), name("collections.OrderedDict")),
            several(several(text("items"), COSINE)),
            new(name("networkx.classes.coreviews.FilterAtlas")),
        ],
    )
    def test_a_first_field_that_would_be_gone_through_is_refused(self, first: bytes) -> None:
        assert verdict(call(self.OUTPUT, first)) == "fail"

    def test_items_that_python_looks_up_are_refused(self) -> None:
        made = call(self.OUTPUT, NONE)
        assert verdict(put(made, text("__setstate__"), COSINE)) == "fail"

    def test_an_encoded_text_takes_a_dict(self) -> None:
        encoded = new(name("transformers.tokenization_utils_base.BatchEncoding"))
        assert verdict(build(encoded, mapped(text("data"), EMPTY))) == "pass"
        assert verdict(build(encoded, several(NONE, EMPTY))) == "fail"
        assert verdict(put(encoded, text("__setstate__"), COSINE)) == "fail"

    def test_an_encoding_takes_its_text(self) -> None:
        encoding = new(name("tokenizers.Encoding"))
        assert verdict(build(encoding, raw(b"{}"))) == "pass"
        assert verdict(build(encoding, mapped(text("ids"), COSINE))) == "fail"


class TestKept:
    @pytest.mark.parametrize(
        "dotted", ["networkx.classes.function.frozen", "numpy.random.default_rng"]
    )
    def test_functions_are_kept_and_not_called(self, dotted: str) -> None:
        assert verdict(listed(name(dotted))) == "pass"
        assert verdict(call(name(dotted), number(1))) == "fail"

    def test_a_frozen_dict_takes_plain_items(self) -> None:
        frozen = name("flax.core.frozen_dict.FrozenDict")
        assert verdict(call(frozen, mapped(text("a"), number(1)))) == "pass"
        output = build(call(TestOutputs.OUTPUT, NONE), mapped(text("items"), COSINE))
        assert verdict(call(frozen, mapped(text("a"), output))) == "fail"

    def test_states_of_optax_pass(self) -> None:
        adam = new(name("optax._src.transform.ScaleByAdamState"), number(1), EMPTY, EMPTY)
        assert verdict(listed(adam, new(name("optax._src.base.EmptyState")))) == "pass"

    @pytest.mark.parametrize(
        "dotted", ["optax._src.base.GradientTransformation", "flax.linen.module.Module"]
    )
    def test_what_holds_functions_stays_out(self, dotted: str) -> None:
        assert builtin_policy().entry(*dotted.rsplit(".", 1)) is None

    @pytest.mark.parametrize(
        "kind", ["_linear.LinearExplainer", "_permutation.PermutationExplainer"]
    )
    def test_explainers_hold_data(self, kind: str) -> None:
        explainer = new(name(f"shap.explainers.{kind}"))
        assert verdict(build(explainer, mapped(text("expected_value"), number(1)))) == "pass"
        rebuild = call(name("numba.core.serialize.custom_rebuild"), raw(b""))
        assert verdict(build(explainer, mapped(text("link"), rebuild))) == "fail"

    @pytest.mark.parametrize("kind", ["TreeExplainer", "TreeEnsemble", "SingleTree"])
    def test_trees_that_native_code_follows_are_not_taken(self, kind: str) -> None:
        assert verdict(new(name(f"shap.explainers._tree.{kind}"))) == "review"


class TestDataSets:
    def test_random_images_pass(self) -> None:
        made = new(name("torchvision.datasets.fakedata.FakeData"))
        assert verdict(build(made, mapped(text("size"), number(4)))) == "pass"

    @pytest.mark.parametrize(
        "dotted", ["folder.ImageFolder", "folder.DatasetFolder", "mnist.MNIST"]
    )
    def test_those_of_files_are_for_a_person_to_look_at(self, dotted: str) -> None:
        assert verdict(new(name(f"torchvision.datasets.{dotted}"))) == "review"
        assert verdict(call(name(f"torchvision.datasets.{dotted}"), text("data"))) == "fail"

    def test_what_fetches_from_any_address_is_labelled(self) -> None:
        assert verdict(name("torchvision.datasets.utils.download_url")) == "fail"
        assert "torchvision.datasets.*" not in labels()


def jax_array(kept: bytes, *, function: str = "numpy._core.multiarray._reconstruct") -> bytes:
    """An array as jax saves it."""
    dtype = build(
        call(name("numpy.dtype"), text("f4"), b"\x89", true()),
        several(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)),
    )
    state = several(number(1), several(number(1)), dtype, b"\x89", raw(bytes(4)))
    made = several(name("numpy.ndarray"), several(number(0)), raw(b"b"))
    return call(name("jax._src.array._reconstruct_array"), name(function), made, state, kept)


class TestArrays:
    def test_an_array_of_jax_passes(self) -> None:
        assert verdict(jax_array(mapped(text("weak_type"), true()))) == "pass"
        adam = new(name("optax._src.transform.ScaleByAdamState"), jax_array(EMPTY))
        assert verdict(adam) == "pass"
        frozen = name("flax.core.frozen_dict.FrozenDict")
        assert verdict(call(frozen, mapped(text("a"), jax_array(EMPTY)))) == "pass"

    @pytest.mark.parametrize("function", ["os.system", "numpy.mean", "builtins.getattr"])
    def test_it_is_made_by_numpy_alone(self, function: str) -> None:
        assert verdict(jax_array(EMPTY, function=function)) == "fail"

    @pytest.mark.parametrize("key", ["sharding", "shape", "dtype"])
    def test_its_type_takes_a_flag_alone(self, key: str) -> None:
        assert verdict(jax_array(mapped(text(key), number(1)))) == "fail"


class TestTrees:
    SLOTS = (text("_children"), EMPTY, text("_name"), NONE)

    def test_a_tree_of_tables_passes(self) -> None:
        tree = new(name("xarray.core.datatree.DataTree"))
        assert verdict(build(tree, several(NONE, mapped(*self.SLOTS)))) == "pass"

    @pytest.mark.parametrize("key", ["dataset", "children", "attrs", "_copy_node", "__class__"])
    def test_it_takes_its_slots_alone(self, key: str) -> None:
        tree = new(name("xarray.core.datatree.DataTree"))
        state = mapped(*self.SLOTS, text(key), COSINE)
        assert verdict(build(tree, several(NONE, state))) == "fail"
        assert verdict(build(tree, several(state, mapped()))) == "fail"

    @pytest.mark.parametrize(
        ("metric", "wanted"), [("euclidean", "pass"), ("cdist", "fail"), ("squareform", "fail")]
    )
    def test_neighbours_keep_a_distance(self, metric: str, wanted: str) -> None:
        module = "sklearn.metrics._dist_metrics"
        kind = name(f"{module}.PyFuncDistance64")
        function = name(f"scipy.spatial.distance.{metric}")
        distance = build(call(name(f"{module}.newObj"), kind), several(function, EMPTY))
        trees = "sklearn.neighbors._ball_tree"
        tree = call(name(f"{trees}.newObj"), name(f"{trees}.BallTree64"))
        assert verdict(build(tree, several(distance))) == wanted

    def test_a_quantized_layer_holds_others(self) -> None:
        packed = build(new(name("torch.ScriptObject")), several(listed(), text("a.B")))
        outer = build(new(name("torch.ScriptObject")), several(listed(packed), text("a.C")))
        assert verdict(outer) == "pass"
        wrong = build(new(name("torch.ScriptObject")), several(listed(COSINE, kept()), text("a.C")))
        assert verdict(wrong) == "fail"


def kept() -> bytes:
    """An object that is no data."""
    return build(new(name("networkx.classes.coreviews.FilterAtlas")), EMPTY)


class TestLabels:
    def test_the_status_of_a_file_passes(self) -> None:
        for protocol in (2, 4):
            stream = pickle.dumps(Path().stat(), protocol)[2:-1]
            assert verdict(stream, protocol=protocol) == "pass"
        assert verdict(name("os.stat")) == "fail"
        assert verdict(call(name("os.stat_result.__class__"), text("x"))) == "fail"

    def test_a_range_of_a_dimension_executes_nothing(self) -> None:
        assert builtin_policy().label("torch._dynamo.decorators", "_DimRange") is None
        assert builtin_policy().label("torch._dynamo.decorators", "run") is not None
