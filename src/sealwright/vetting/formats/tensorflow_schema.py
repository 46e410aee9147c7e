"""TensorFlow's messages as far as they are read (tensorflow/core/protobuf and framework, 2.21).

What neither names operations nor holds text that is looked at is taken as bytes; so are the
attributes of nodes, which are read one by one (`Attr`).
"""

from __future__ import annotations

from sealwright.vetting.protobuf import FieldType, Kind, Schema

_KINDS: dict[str, Kind] = {
    "v": "varint",
    "4": "fixed32",
    "8": "fixed64",
    "t": "text",
    "b": "bytes",
}
_SPEC = """
SavedModel: 1 schema_version v; 2* meta_graphs MetaGraph
MetaGraph: 1 info Info; 2 graph Graph; 3 saver Saver; 4* collections Collection
MetaGraph: 5* signatures b; 6* assets Asset; 7 objects Objects
Info: 1 version t; 2 op_list b; 3 any b; 4* tags t; 5 tensorflow t; 6 git t; 7 stripped v
Info: 8* aliases b
Saver: 1 filename t; 2 save t; 3 restore t; 4 keep v; 5 sharded v; 6 hours 4; 7 version v
Collection: 1 key t; 2 value b
Asset: 1 tensor TensorInfo; 2 filename t
TensorInfo: 1 name t; 2 dtype v; 3 shape b; 4 sparse b; 5 composite b
Objects: 1* nodes Object; 2* functions Concrete
Object: 1* children b; 3* slots b; 4 user User; 5 asset b; 6 function b; 7 variable b; 8 bare b
Object: 9 constant Constant; 10 resource b; 11* saveable b; 12 captured b; 13 registered t
Object: 14 proto b; 15* dependencies b; 16 saver t
User: 1 identifier t; 2 version b; 3 metadata t
Constant: 1 operation t
Concrete: 1 key t; 2 value ConcreteFunction
ConcreteFunction: 2* bound v; 3 input b; 4 output b
Graph: 1* node Node; 2 library Library; 3 version v; 4 versions b; 5 debug b
Node: 1 name t; 2 op t; 3* input t; 4 device t; 5* attr b; 6 debug b; 7 type b
Attr: 1 key t; 2 value Value
Value: 1 list List; 2 s b; 3 i v; 4 f 4; 5 b v; 6 type v; 7 shape b; 8 tensor Tensor
Value: 9 placeholder t; 10 func Call
List: 2* s b; 3* i v; 4* f 4; 5* b v; 6* type v; 7* shape b; 8* tensor Tensor; 9* func Call
Call: 1 name t; 2* attr Attr
Tensor: 1 dtype v; 2 shape b; 3 version v; 4 content b; 5* float 4; 6* double 8; 7* int v
Tensor: 8* string b; 9* scomplex 4; 10* int64 v; 11* bool v; 12* dcomplex 8; 13* half v
Tensor: 14* resource b; 15* variant b; 16* uint32 v; 17* uint64 v; 18 float8 b
Library: 1* function Function; 2* gradient b; 3* registered b
Function: 1 signature Signature; 3* node Node; 4* ret b; 5* attr Attr; 6* control b
Function: 7* arg_attr b; 8* resource b
Signature: 1 name t; 2* input Argument; 3* output b; 4* attr b; 5 summary b; 6 description b
Signature: 8 deprecation b; 16 aggregate v; 17 stateful v; 18 commutative v; 19 uninitialized v
Signature: 20* control b; 21 distributed v
Argument: 1 name t; 2 description b; 3 type v; 4 type_attr t; 5 number_attr t; 6 list_attr t
Argument: 7* handle b; 16 ref v; 17 full b
Metadata: 1* nodes MetadataNode
MetadataNode: 2 id v; 3 path t; 4 identifier t; 5 metadata t; 6 version b
Fingerprint: 1 checksum v; 2 program v; 3 signature v; 4 objects v; 5 checkpoint v; 6 version b
Fingerprint: 7 uuid t
BundleHeader: 1 shards v; 2 endianness v; 3 version b
Event: 1 time 8; 2 step v; 3 version t; 4 graph b; 5 summary Summary; 6 log Log; 7 session Session
Event: 8 run Run; 9 meta_graph b; 10 source Source
Summary: 1* value SummaryValue
SummaryValue: 1 tag t; 2 number 4; 3 old b; 4 image Image; 5 histogram Histogram; 6 audio Audio
SummaryValue: 7 node t; 8 tensor Tensor; 9 metadata SummaryMetadata
SummaryMetadata: 1 plugin Plugin; 2 display t; 3 description t; 4 class v
Plugin: 1 name t; 2 content b
Image: 1 height v; 2 width v; 3 colors v; 4 encoded b
Histogram: 1 min 8; 2 max 8; 3 count 8; 4 sum 8; 5 squares 8; 6* limit 8; 7* bucket 8
Audio: 1 rate 4; 2 channels v; 3 frames v; 4 encoded b; 5 type t
Log: 1 level v; 2 message t
Session: 1 status v; 2 path t; 3 message t
Run: 1 tag t; 2 metadata b
Source: 1 writer t
BundleEntry: 1 dtype v; 2 shape b; 3 shard v; 4 offset v; 5 size v; 6 crc 4; 7* slices b
"""


def _schema() -> Schema:
    made: dict[str, dict[int, FieldType]] = {}
    for line in _SPEC.strip().splitlines():
        message, _, fields = line.partition(": ")
        for one in fields.split("; "):
            number, name, kind = one.split()
            made.setdefault(message, {})[int(number.rstrip("*"))] = FieldType(
                name,
                _KINDS.get(kind, "message"),
                repeated=number.endswith("*"),
                message="" if kind in _KINDS else kind,
            )
    return made


SCHEMA: Schema = _schema()
"""Message → field number → field. A `*` in the text above marks a repeated field."""
