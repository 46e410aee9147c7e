"""The operations of TensorFlow by exact names: what computes, and what does more than that.

The table beside this file is written by `tools/tensorflow_names.py`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec

TABLE = Path(__file__).with_name("tensorflow_names.json")

PYTHON = frozenset(("PyFunc", "PyFuncStateless", "EagerPyFunc"))
"""They call a function of the Python process that loads the model."""
_FILES_TEXT = """
    ReadFile WriteFile MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset
    WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader
    TFRecordReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader TextLineDataset
    TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2
    LMDBDataset ExperimentalLMDBDataset SqlDataset ExperimentalSqlDataset CSVDataset CSVDatasetV2
    ExperimentalCSVDataset RecordInput ImmutableConst SaveDataset SaveDatasetV2 LoadDataset
    SnapshotDataset SnapshotDatasetV2 SnapshotDatasetReader SnapshotNestedDatasetReader
    SnapshotChunkDataset ListSnapshotChunksDataset DatasetToTFRecord ExperimentalDatasetToTFRecord
    CreateSummaryFileWriter CreateSummaryDbWriter ImportEvent ShardedFilespec LoadAndRemapMatrix
    GenerateVocabRemapping DistributedSave FileSystemSetConfiguration CalibrationStatisticsSaver
    WriteSummary WriteScalarSummary WriteImageSummary WriteAudioSummary WriteHistogramSummary
    WriteGraphSummary WriteRawProtoSummary FlushSummaryWriter SummaryWriter CacheDataset
    CacheDatasetV2 SaveSlices Save
"""
FILES = frozenset(_FILES_TEXT.split())
"""They read or write files that the graph names."""
_NETWORK_TEXT = """
    RpcServer RpcServerStart RpcServerRegister RpcClient RpcCall RpcCheckStatus RpcGetValue
    DeleteRpcFutureResource DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3
    DataServiceDatasetV4 RegisterDataset RegisterDatasetV2 RemoteFusedGraphExecute RemoteCall
"""
NETWORK = frozenset(_NETWORK_TEXT.split())
_PROCESS_TEXT = """
    Abort WorkerHeartbeat ExperimentalSleepDataset SleepDataset
"""
PROCESS = frozenset(_PROCESS_TEXT.split())
"""They end or stall the process."""
_NATIVE_TEXT = """
    XlaCustomCall XlaCustomCallV2 XlaCallModule TPUCompile TPUExecute TPUExecuteAndUpdateVariables
    XlaLaunch XlaLaunchV2 XlaHostCompute XlaSendToHost XlaRecvFromHost HostConst _XlaCompile
    _XlaRun TPUPartitionedCall ConfigureDistributedTPU ShutdownDistributedTPU ShutdownTPUSystem
    ConfigureAndInitializeGlobalTPU
"""
NATIVE = frozenset(_NATIVE_TEXT.split())
"""They run code in a form that is not read here, or change the machine."""
_SAVING_TEXT = """
    SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename Restore RestoreSlice DTensorRestoreV2
"""
SAVING = frozenset(_SAVING_TEXT.split())
"""They save and restore variables: normal, if the caller gives the file's name."""
TABLES = frozenset(("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"))
"""They read a vocabulary: normal, if it is an asset of the model."""
DATASETS_FROM = frozenset(("DatasetFromGraph",))
"""They run another graph that stands as bytes in this one."""
_WITHOUT_TABLE = frozenset(("Placeholder", "PlaceholderV2", "_Arg", "_Retval"))


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of TensorFlow has."""

    versions: tuple[str, ...]
    operations: frozenset[str]
    functions: frozenset[str]


@cache
def table() -> Table:
    """The table, read once."""
    raw = json.loads(TABLE.read_bytes())
    return Table(
        versions=tuple(raw["versions"]),
        operations=frozenset(raw["operations"]),
        functions=frozenset(raw["functions"]),
    )


def known(operation: str) -> bool:
    """Whether TensorFlow itself has the operation."""
    return operation in table().operations or operation in _WITHOUT_TABLE


def computes(operation: str) -> bool:
    """Whether an operation of TensorFlow only computes on its inputs."""
    beyond = (PYTHON, FILES, NETWORK, PROCESS, NATIVE, SAVING, TABLES, DATASETS_FROM)
    more = ("Print", "PrintV2", "DebugIdentity", "DecodeProtoV2", "EncodeProto")
    return (
        known(operation) and operation not in more and not any(operation in one for one in beyond)
    )


def computing_function(name: str) -> bool:
    """Whether a public function (`math.reduce_mean`) only computes."""
    short = name.removeprefix("tf.").removeprefix("compat.v1.").removeprefix("compat.v2.")
    return short in table().functions
