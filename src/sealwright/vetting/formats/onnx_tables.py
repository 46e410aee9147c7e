"""What ONNX 1.23.2 knows: its message types, operators and element types, as tables.

They are part of the rule set. A test holds them against the onnx package; what is newer than these
tables is never taken for known.
"""

from __future__ import annotations

from sealwright.vetting.protobuf import FieldType, Schema

IR_VERSION = 14
"""The newest IR version of these tables."""

OPSETS = {"": 28, "ai.onnx": 28, "ai.onnx.ml": 5}
"""Domain → its newest operator set version in these tables."""

_ONNX = """
    Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
    BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
    BlackmanWindow Cast CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im
    Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose
    Cos Cosh CumProd CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout
    DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
    GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
    GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish
    Hardmax Identity If ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax Loop
    LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean
    MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
    NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement
    OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear
    RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range
    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence
    RoiAlign RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt
    SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap
    Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus
    Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer
    StringSplit Sub Sum SwiGLU Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile
    TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
"""
_ONNX_ML = """
    ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer
    Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier
    SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
"""
OPERATORS: dict[str, frozenset[str]] = {
    "": frozenset(_ONNX.split()),
    "ai.onnx": frozenset(_ONNX.split()),
    "ai.onnx.ml": frozenset(_ONNX_ML.split()),
}
"""Domain → its operators. These compute on tensors and do nothing else."""

STRING = 8
EXTERNAL = 1
"""TensorProto.DataType and TensorProto.DataLocation."""

ELEMENT_BITS: dict[int, int] = {
    **dict.fromkeys((25, 26), 2),
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((27, 28), 6),
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
}
"""TensorProto.DataType → bits per element in raw_data; text has none."""

# Free text (doc strings, metadata values) is "bytes": it is measured, not decoded.
SCHEMA: Schema = {
    "AttributeProto": {
        1: FieldType("name", "text"),
        2: FieldType("f", "fixed32"),
        3: FieldType("i", "varint"),
        4: FieldType("s", "bytes"),
        5: FieldType("t", "message", message="TensorProto"),
        6: FieldType("g", "message", message="GraphProto"),
        7: FieldType("floats", "fixed32", repeated=True),
        8: FieldType("ints", "varint", repeated=True),
        9: FieldType("strings", "bytes", repeated=True),
        10: FieldType("tensors", "message", repeated=True, message="TensorProto"),
        11: FieldType("graphs", "message", repeated=True, message="GraphProto"),
        13: FieldType("doc_string", "bytes"),
        14: FieldType("tp", "message", message="TypeProto"),
        15: FieldType("type_protos", "message", repeated=True, message="TypeProto"),
        20: FieldType("type", "varint"),
        21: FieldType("ref_attr_name", "text"),
        22: FieldType("sparse_tensor", "message", message="SparseTensorProto"),
        23: FieldType("sparse_tensors", "message", repeated=True, message="SparseTensorProto"),
    },
    "ValueInfoProto": {
        1: FieldType("name", "text"),
        2: FieldType("type", "message", message="TypeProto"),
        3: FieldType("doc_string", "bytes"),
        4: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
    },
    "NodeProto": {
        1: FieldType("input", "text", repeated=True),
        2: FieldType("output", "text", repeated=True),
        3: FieldType("name", "text"),
        4: FieldType("op_type", "text"),
        5: FieldType("attribute", "message", repeated=True, message="AttributeProto"),
        6: FieldType("doc_string", "bytes"),
        7: FieldType("domain", "text"),
        8: FieldType("overload", "text"),
        9: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
        10: FieldType(
            "device_configurations",
            "message",
            repeated=True,
            message="NodeDeviceConfigurationProto",
        ),
    },
    "IntIntListEntryProto": {
        1: FieldType("key", "varint"),
        2: FieldType("value", "varint", repeated=True),
    },
    "NodeDeviceConfigurationProto": {
        1: FieldType("configuration_id", "text"),
        2: FieldType("sharding_spec", "message", repeated=True, message="ShardingSpecProto"),
        3: FieldType("pipeline_stage", "varint"),
    },
    "ShardingSpecProto": {
        1: FieldType("tensor_name", "text"),
        2: FieldType("device", "varint", repeated=True),
        3: FieldType(
            "index_to_device_group_map", "message", repeated=True, message="IntIntListEntryProto"
        ),
        4: FieldType("sharded_dim", "message", repeated=True, message="ShardedDimProto"),
    },
    "ShardedDimProto": {
        1: FieldType("axis", "varint"),
        2: FieldType("simple_sharding", "message", repeated=True, message="SimpleShardedDimProto"),
    },
    "SimpleShardedDimProto": {
        1: FieldType("dim_value", "varint"),
        2: FieldType("dim_param", "text"),
        3: FieldType("num_shards", "varint"),
    },
    "TrainingInfoProto": {
        1: FieldType("initialization", "message", message="GraphProto"),
        2: FieldType("algorithm", "message", message="GraphProto"),
        3: FieldType(
            "initialization_binding", "message", repeated=True, message="StringStringEntryProto"
        ),
        4: FieldType("update_binding", "message", repeated=True, message="StringStringEntryProto"),
    },
    "ModelProto": {
        1: FieldType("ir_version", "varint"),
        2: FieldType("producer_name", "text"),
        3: FieldType("producer_version", "text"),
        4: FieldType("domain", "text"),
        5: FieldType("model_version", "varint"),
        6: FieldType("doc_string", "bytes"),
        7: FieldType("graph", "message", message="GraphProto"),
        8: FieldType("opset_import", "message", repeated=True, message="OperatorSetIdProto"),
        14: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
        20: FieldType("training_info", "message", repeated=True, message="TrainingInfoProto"),
        25: FieldType("functions", "message", repeated=True, message="FunctionProto"),
        26: FieldType(
            "configuration", "message", repeated=True, message="DeviceConfigurationProto"
        ),
    },
    "DeviceConfigurationProto": {
        1: FieldType("name", "text"),
        2: FieldType("num_devices", "varint"),
        3: FieldType("device", "text", repeated=True),
    },
    "StringStringEntryProto": {
        1: FieldType("key", "text"),
        2: FieldType("value", "bytes"),
    },
    "TensorAnnotation": {
        1: FieldType("tensor_name", "text"),
        2: FieldType(
            "quant_parameter_tensor_names",
            "message",
            repeated=True,
            message="StringStringEntryProto",
        ),
    },
    "GraphProto": {
        1: FieldType("node", "message", repeated=True, message="NodeProto"),
        2: FieldType("name", "text"),
        5: FieldType("initializer", "message", repeated=True, message="TensorProto"),
        10: FieldType("doc_string", "bytes"),
        11: FieldType("input", "message", repeated=True, message="ValueInfoProto"),
        12: FieldType("output", "message", repeated=True, message="ValueInfoProto"),
        13: FieldType("value_info", "message", repeated=True, message="ValueInfoProto"),
        14: FieldType(
            "quantization_annotation", "message", repeated=True, message="TensorAnnotation"
        ),
        15: FieldType("sparse_initializer", "message", repeated=True, message="SparseTensorProto"),
        16: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
    },
    "TensorProto": {
        1: FieldType("dims", "varint", repeated=True),
        2: FieldType("data_type", "varint"),
        3: FieldType("segment", "message", message="TensorProto.Segment"),
        4: FieldType("float_data", "fixed32", repeated=True),
        5: FieldType("int32_data", "varint", repeated=True),
        6: FieldType("string_data", "bytes", repeated=True),
        7: FieldType("int64_data", "varint", repeated=True),
        8: FieldType("name", "text"),
        9: FieldType("raw_data", "bytes"),
        10: FieldType("double_data", "fixed64", repeated=True),
        11: FieldType("uint64_data", "varint", repeated=True),
        12: FieldType("doc_string", "bytes"),
        13: FieldType("external_data", "message", repeated=True, message="StringStringEntryProto"),
        14: FieldType("data_location", "varint"),
        16: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
    },
    "TensorProto.Segment": {
        1: FieldType("begin", "varint"),
        2: FieldType("end", "varint"),
    },
    "SparseTensorProto": {
        1: FieldType("values", "message", message="TensorProto"),
        2: FieldType("indices", "message", message="TensorProto"),
        3: FieldType("dims", "varint", repeated=True),
    },
    "TensorShapeProto": {
        1: FieldType("dim", "message", repeated=True, message="TensorShapeProto.Dimension"),
    },
    "TensorShapeProto.Dimension": {
        1: FieldType("dim_value", "varint"),
        2: FieldType("dim_param", "text"),
        3: FieldType("denotation", "text"),
    },
    "TypeProto": {
        1: FieldType("tensor_type", "message", message="TypeProto.Tensor"),
        4: FieldType("sequence_type", "message", message="TypeProto.Sequence"),
        5: FieldType("map_type", "message", message="TypeProto.Map"),
        6: FieldType("denotation", "text"),
        7: FieldType("opaque_type", "message", message="TypeProto.Opaque"),
        8: FieldType("sparse_tensor_type", "message", message="TypeProto.SparseTensor"),
        9: FieldType("optional_type", "message", message="TypeProto.Optional"),
    },
    "TypeProto.Tensor": {
        1: FieldType("elem_type", "varint"),
        2: FieldType("shape", "message", message="TensorShapeProto"),
    },
    "TypeProto.Sequence": {
        1: FieldType("elem_type", "message", message="TypeProto"),
    },
    "TypeProto.Map": {
        1: FieldType("key_type", "varint"),
        2: FieldType("value_type", "message", message="TypeProto"),
    },
    "TypeProto.Optional": {
        1: FieldType("elem_type", "message", message="TypeProto"),
    },
    "TypeProto.SparseTensor": {
        1: FieldType("elem_type", "varint"),
        2: FieldType("shape", "message", message="TensorShapeProto"),
    },
    "TypeProto.Opaque": {
        1: FieldType("domain", "text"),
        2: FieldType("name", "text"),
    },
    "OperatorSetIdProto": {
        1: FieldType("domain", "text"),
        2: FieldType("version", "varint"),
    },
    "FunctionProto": {
        1: FieldType("name", "text"),
        4: FieldType("input", "text", repeated=True),
        5: FieldType("output", "text", repeated=True),
        6: FieldType("attribute", "text", repeated=True),
        7: FieldType("node", "message", repeated=True, message="NodeProto"),
        8: FieldType("doc_string", "bytes"),
        9: FieldType("opset_import", "message", repeated=True, message="OperatorSetIdProto"),
        10: FieldType("domain", "text"),
        11: FieldType("attribute_proto", "message", repeated=True, message="AttributeProto"),
        12: FieldType("value_info", "message", repeated=True, message="ValueInfoProto"),
        13: FieldType("overload", "text"),
        14: FieldType("metadata_props", "message", repeated=True, message="StringStringEntryProto"),
    },
}
