"""Names that configurations point at: classes that only build a layer, an optimiser, a metric, and
names that are known to run, fetch or load something.

The harmless ones were taken from torch 2.13, torchmetrics 1 and Lightning 2; a name that is in no
table is for a person to look at.
"""

from __future__ import annotations

_CLASSES = {
    "torch.nn": """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss
        AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d
        AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU
        CTCLoss ChannelShuffle CircularPad1d CircularPad2d CircularPad3d ConstantPad1d
        ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
        ConvTranspose3d CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss CrossMapLRN2d
        DataParallel Dropout Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag
        FeatureAlphaDropout Flatten Fold FractionalMaxPool2d FractionalMaxPool3d GELU GLU GRU
        GRUCell GaussianNLLLoss GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh
        HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d
        KLDivLoss L1Loss LPPool1d LPPool2d LPPool3d LSTM LSTMCell LayerNorm LazyBatchNorm1d
        LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d
        LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d
        LazyInstanceNorm3d LazyLinear LeakyReLU Linear LinearCrossEntropyLoss LocalResponseNorm
        LogSigmoid LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d
        MaxUnpool1d MaxUnpool2d MaxUnpool3d Mish ModuleDict ModuleList MultiLabelMarginLoss
        MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss NLLLoss2d PReLU
        PairwiseDistance Parameter ParameterDict ParameterList PixelShuffle PixelUnshuffle
        PoissonNLLLoss RMSNorm RNN RNNBase RNNCell RNNCellBase RReLU ReLU ReLU6 ReflectionPad1d
        ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU
        Sequential SiLU Sigmoid SmoothL1Loss SoftMarginLoss Softmax Softmax2d Softmin Softplus
        Softshrink Softsign SyncBatchNorm Tanh Tanhshrink Threshold Transformer
        TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
        TripletMarginLoss TripletMarginWithDistanceLoss Unflatten Unfold Upsample
        UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
    """,
    "torch.optim": """
        ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS Muon NAdam RAdam RMSprop Rprop
        SGD SparseAdam
    """,
    "torch.optim.lr_scheduler": """
        ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR
        ExponentialLR LambdaLR LinearLR MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR
        ReduceLROnPlateau SequentialLR StepLR
    """,
    "torch.optim.swa_utils": """
        AveragedModel SWALR
    """,
    "torch.utils.data": """
        BatchSampler ChainDataset ConcatDataset DataLoader DistributedSampler IterableDataset
        RandomSampler SequentialSampler StackDataset Subset SubsetRandomSampler TensorDataset
        WeightedRandomSampler
    """,
    "torch.distributions": """
        AbsTransform AffineTransform Bernoulli Beta Binomial CatTransform Categorical Cauchy
        Chi2 ComposeTransform ContinuousBernoulli CorrCholeskyTransform
        CumulativeDistributionTransform Dirichlet ExpTransform Exponential ExponentialFamily
        FisherSnedecor Gamma GeneralizedPareto Geometric Gumbel HalfCauchy HalfNormal
        Independent IndependentTransform InverseGamma Kumaraswamy LKJCholesky Laplace LogNormal
        LogisticNormal LowRankMultivariateNormal LowerCholeskyTransform MixtureSameFamily
        Multinomial MultivariateNormal NegativeBinomial Normal OneHotCategorical
        OneHotCategoricalStraightThrough Pareto Poisson PositiveDefiniteTransform PowerTransform
        RelaxedBernoulli RelaxedOneHotCategorical ReshapeTransform SigmoidTransform
        SoftmaxTransform SoftplusTransform StackTransform StickBreakingTransform StudentT
        TanhTransform Transform TransformedDistribution Uniform VonMises Weibull Wishart
    """,
    "torchmetrics": """
        AUROC Accuracy AveragePrecision BLEUScore BootStrapper CHRFScore CalibrationError
        CatMetric CharErrorRate ClasswiseWrapper CohenKappa ConcordanceCorrCoef ConfusionMatrix
        CosineSimilarity CramersV CriticalSuccessIndex ErrorRelativeGlobalDimensionlessSynthesis
        ExactMatch ExplainedVariance ExtendedEditDistance F1Score FBetaScore FleissKappa
        HammingDistance HingeLoss JaccardIndex KLDivergence KendallRankCorrCoef LogAUC
        LogCoshError MatchErrorRate MatthewsCorrCoef MaxMetric MeanAbsoluteError
        MeanAbsolutePercentageError MeanMetric MeanSquaredError MeanSquaredLogError
        MetricCollection MetricTracker MinMaxMetric MinMetric MinkowskiDistance
        ModifiedPanopticQuality MultiScaleStructuralSimilarityIndexMeasure MultioutputWrapper
        MultitaskWrapper NegativePredictiveValue NormalizedRootMeanSquaredError PanopticQuality
        PeakSignalNoiseRatio PearsonCorrCoef PearsonsContingencyCoefficient
        PermutationInvariantTraining Perplexity Precision PrecisionAtFixedRecall
        PrecisionRecallCurve R2Score ROC Recall RecallAtFixedPrecision
        RelativeAverageSpectralError RelativeSquaredError RetrievalFallOut RetrievalHitRate
        RetrievalMAP RetrievalMRR RetrievalNormalizedDCG RetrievalPrecision
        RetrievalPrecisionRecallCurve RetrievalRPrecision RetrievalRecall
        RetrievalRecallAtFixedPrecision RootMeanSquaredErrorUsingSlidingWindow RunningMean
        RunningSum SQuAD SacreBLEUScore ScaleInvariantSignalDistortionRatio
        ScaleInvariantSignalNoiseRatio SensitivityAtSpecificity SignalDistortionRatio
        SignalNoiseRatio SpearmanCorrCoef Specificity SpecificityAtSensitivity
        SpectralAngleMapper SpectralDistortionIndex StatScores StructuralSimilarityIndexMeasure
        SumMetric SymmetricMeanAbsolutePercentageError TheilsU TotalVariation
        TranslationEditRate TschuprowsT TweedieDevianceScore UniversalImageQualityIndex
        WeightedMeanAbsolutePercentageError WordErrorRate WordInfoLost WordInfoPreserved
    """,
    "lightning.pytorch": """
        Trainer
    """,
    "lightning.pytorch.callbacks": """
        BackboneFinetuning BaseFinetuning BatchSizeFinder DeviceStatsMonitor EMAWeightAveraging
        EarlyStopping GradientAccumulationScheduler LambdaCallback LearningRateFinder
        LearningRateMonitor ModelCheckpoint ModelPruning ModelSummary OnExceptionCheckpoint
        ProgressBar RichModelSummary RichProgressBar SpikeDetection StochasticWeightAveraging
        TQDMProgressBar ThroughputMonitor Timer WeightAveraging
    """,
    "lightning.pytorch.loggers": """
        CSVLogger CometLogger LitLogger MLFlowLogger TensorBoardLogger WandbLogger
    """,
    "lightning.pytorch.strategies": """
        DDPStrategy DeepSpeedStrategy FSDPStrategy HPUParallelStrategy ModelParallelStrategy
        ParallelStrategy SingleDeviceStrategy SingleDeviceXLAStrategy SingleHPUStrategy
        SingleTPUStrategy XLAStrategy
    """,
    "lightning.pytorch.profilers": """
        AdvancedProfiler PassThroughProfiler PyTorchProfiler SimpleProfiler XLAProfiler
    """,
}
CLASSES: dict[str, frozenset[str]] = {
    **{module: frozenset(names.split()) for module, names in _CLASSES.items()},
    **{
        module.replace("lightning.pytorch", "pytorch_lightning"): frozenset(names.split())
        for module, names in _CLASSES.items()
        if module.startswith("lightning.")
    },
}
"""Module → its classes that build something and do nothing else."""

HARMLESS = frozenset(
    (
        *(f"builtins.{name}" for name in ("int", "float", "str", "bool", "list", "dict", "tuple")),
        *("collections.OrderedDict", "datetime.timedelta", "pathlib.Path", "pathlib.PurePath"),
        *("torch.device", "torch.Size", "torch.float16", "torch.float32", "torch.bfloat16"),
        *(
            "torch.nn.init.xavier_uniform_",
            "torch.nn.init.kaiming_normal_",
            "torch.nn.init.normal_",
        ),
        *("torch.nn.functional.relu", "torch.nn.functional.gelu", "torch.nn.functional.silu"),
        *("numpy.array", "numpy.float32", "numpy.float64", "numpy.int64"),
        *("omegaconf.DictConfig", "omegaconf.ListConfig", "omegaconf.dictconfig.DictConfig"),
        *("lightning.pytorch.seed_everything", "pytorch_lightning.seed_everything"),
    )
)
"""Exact names beyond those classes."""

_MODULES = """
    os posix nt posixpath subprocess _posixsubprocess sys shutil socket ssl pty tty mmap
    importlib imp runpy codeop pkgutil zipimport pickle _pickle cPickle dill cloudpickle marshal
    shelve joblib ctypes _ctypes cffi webbrowser urllib requests httpx http ftplib smtplib
    telnetlib xmlrpc multiprocessing asyncio _thread threading pip setuptools distutils
    ensurepip venv timeit cProfile pdb bdb faulthandler gc popen2 fileinput tempfile glob
    sysconfig idlelib antigravity pwd grp nturl2path winreg msvcrt logging.config unittest.mock
    doctest pydoc tarfile zipfile sqlite3 paramiko fabric pexpect psutil git jpype jnius IPython
    py_compile compileall linecache wsgiref socketserver test.support numpy.f2py numpy.distutils
    torch.utils.cpp_extension torch.hub torch.utils.collect_env torch.distributed.rpc torch.ops
    torch.multiprocessing torch.package torch._C transformers.utils.hub hydra._internal
    hydra.core pandas.io.clipboard pandas.core.computation atexit signal
"""
MODULES = frozenset(_MODULES.split())
"""Modules of which nothing belongs into a configuration."""

ANYWHERE = frozenset(
    (
        *(
            "os",
            "posix",
            "nt",
            "subprocess",
            "sys",
            "shutil",
            "socket",
            "ctypes",
            "importlib",
            "pty",
        ),
        *("runpy", "pickle", "_pickle", "cPickle", "marshal", "webbrowser", "requests", "urllib"),
        *("multiprocessing", "zipimport", "pip", "cloudpickle", "dill", "joblib"),
    )
)
"""Those of them that count in the middle of a name as well: a package that imports them hands
them on.
"""

_NAMES = """
    builtins.eval builtins.exec builtins.compile builtins.open builtins.__import__ builtins.getattr
    builtins.setattr builtins.delattr builtins.globals builtins.locals builtins.vars builtins.input
    builtins.breakpoint builtins.memoryview builtins.map builtins.filter builtins.apply
    builtins.help builtins.exit builtins.quit builtins.type builtins.super builtins.print
    builtins.execfile torch.load torch.jit.load torch.serialization.load torch.save torch.compile
    torch.export.load torch.utils.data.datapipes numpy.load numpy.fromfile numpy.loadtxt
    numpy.genfromtxt numpy.save numpy.memmap numpy.lib.npyio.load numpy.testing.runstring
    numpy.testing._private.utils.runstring pandas.read_pickle pandas.eval pandas.read_sql
    pandas.DataFrame.eval pandas.DataFrame.query pathlib.Path.unlink pathlib.Path.write_text
    pathlib.Path.write_bytes pathlib.Path.rmdir pathlib.Path.open pathlib.Path.read_text
    pathlib.Path.rename pathlib.Path.chmod io.open io.FileIO io.open_code codecs.open yaml.load
    yaml.unsafe_load yaml.full_load yaml.load_all ruamel.yaml.load hydra.utils.get_method
    hydra.utils.get_class hydra.utils.get_static_method hydra.utils.get_object hydra.main
    keras.models.load_model tensorflow.keras.models.load_model tensorflow.py_function
    tensorflow.numpy_function tensorflow.io.read_file tensorflow.io.write_file
    tensorflow.io.gfile.remove sklearn.externals.joblib.load skops.io.load
    mlflow.pyfunc.load_model transformers.pipeline huggingface_hub.snapshot_download
    huggingface_hub.hf_hub_download operator.attrgetter operator.methodcaller types.FunctionType
    types.CodeType types.LambdaType code.interact code.InteractiveConsole
    code.InteractiveInterpreter platform.popen site.main profile.run trace.Trace
    commands.getoutput concurrent.futures.ProcessPoolExecutor weakref.finalize
    sympy.sympify sympy.parsing.sympy_parser.parse_expr
"""
NAMES = frozenset(_NAMES.split())
"""Functions of otherwise harmless modules that run, load, write or fetch something."""
