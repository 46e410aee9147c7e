#!/usr/bin/env python3
"""Writes the table of TensorFlow names from the installed library.

    python tools/tensorflow_names.py > src/sealwright/vetting/formats/tensorflow_names.json

Run it in an environment of its own with tensorflow-cpu: it imports TensorFlow. Taken are the names
of all registered operations, and of the functions that only compute (for TFOpLambda layers).
"""

from __future__ import annotations

import inspect
import json
import sys

ROOMS = (
    *("math", "linalg", "nn", "signal", "image", "strings", "bitwise", "random", "ragged"),
    *("sparse", "sets", "audio", "quantization", "dtypes"),
)
_NO_COMPUTATION_TEXT = """
    py_function numpy_function load_library load_op_library print map_fn vectorized_map function
    autodiff custom_gradient recompute_grad init_scope device name_scope control_dependencies case
    switch_case cond while_loop foldl foldr scan executing_eagerly get_logger get_static_value
    make_ndarray make_tensor_proto no_gradient no_op timestamp type_spec_from_value
    is_symbolic_tensor inside_function map_flat_values stack_dynamic_partitions decode_proto
    encode_proto generate_checkpoint_state
"""
NO_COMPUTATION = frozenset(_NO_COMPUTATION_TEXT.split())
"""Functions that take functions, touch files or the process, or give no tensor."""
_OPERATORS_TEXT = """
    add and div eq floordiv floormod ge getitem gt invert le lt matmul mod mul ne neg or pow radd
    rand rdiv rfloordiv rmatmul rmod rmul ror rpow rsub rtruediv rxor sub truediv xor
"""
OPERATORS = frozenset(_OPERATORS_TEXT.split())


def functions() -> set[str]:
    """Public functions as TFOpLambda writes them."""
    import tensorflow as tf

    found = {f"__operators__.{name}" for name in OPERATORS}
    for room in ("", *ROOMS):
        place = getattr(tf, room) if room else tf
        for name in dir(place):
            if name.startswith("_") or name in NO_COMPUTATION:
                continue
            if inspect.isfunction(getattr(place, name, None)):
                found.add(f"{room}.{name}" if room else name)
    return found


def operations() -> set[str]:
    """Every operation that the runtime has registered."""
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    known = op_def_pb2.OpList()
    known.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return {operation.name for operation in known.op}


def main() -> None:
    """Prints the table."""
    import tensorflow as tf

    table = {
        "versions": [f"tensorflow {tf.__version__}"],
        "functions": sorted(functions()),
        "operations": sorted(operations()),
    }
    json.dump(table, sys.stdout, separators=(",", ":"), sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
