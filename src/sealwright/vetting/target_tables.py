"""Names that configurations point at: classes that only build a layer, an optimiser, a metric, and
names that are known to run, fetch or load something.

The harmless ones were taken from torch 2.13, torchmetrics 1.9, Lightning 2, torchvision,
scikit-learn 1.9, LightGBM, XGBoost and transformers 5; a name that is in no table is for a person
to look at. Not among them: configurations of transformers that have a backbone or other
configurations in them, which may fetch those; data sets, which read files; metrics that fetch a
model. Models of torchvision fetch at most the weights of their own release, from an address and
with a digest that stand in its code.
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
    "torchmetrics.classification": """
        AUROC Accuracy AveragePrecision BinaryAUROC BinaryAccuracy BinaryAveragePrecision
        BinaryCalibrationError BinaryCohenKappa BinaryConfusionMatrix BinaryEER BinaryF1Score
        BinaryFBetaScore BinaryFairness BinaryGroupStatRates BinaryHammingDistance
        BinaryHingeLoss BinaryJaccardIndex BinaryLogAUC BinaryMatthewsCorrCoef
        BinaryNegativePredictiveValue BinaryPrecision BinaryPrecisionAtFixedRecall
        BinaryPrecisionRecallCurve BinaryROC BinaryRecall BinaryRecallAtFixedPrecision
        BinarySensitivityAtSpecificity BinarySpecificity BinarySpecificityAtSensitivity
        BinaryStatScores CalibrationError CohenKappa ConfusionMatrix EER ExactMatch F1Score
        FBetaScore HammingDistance HingeLoss JaccardIndex LogAUC MatthewsCorrCoef
        MulticlassAUROC MulticlassAccuracy MulticlassAveragePrecision MulticlassCalibrationError
        MulticlassCohenKappa MulticlassConfusionMatrix MulticlassEER MulticlassExactMatch
        MulticlassF1Score MulticlassFBetaScore MulticlassHammingDistance MulticlassHingeLoss
        MulticlassJaccardIndex MulticlassLogAUC MulticlassMatthewsCorrCoef
        MulticlassNegativePredictiveValue MulticlassPrecision MulticlassPrecisionAtFixedRecall
        MulticlassPrecisionRecallCurve MulticlassROC MulticlassRecall
        MulticlassRecallAtFixedPrecision MulticlassSensitivityAtSpecificity
        MulticlassSpecificity MulticlassSpecificityAtSensitivity MulticlassStatScores
        MultilabelAUROC MultilabelAccuracy MultilabelAveragePrecision MultilabelConfusionMatrix
        MultilabelCoverageError MultilabelEER MultilabelExactMatch MultilabelF1Score
        MultilabelFBetaScore MultilabelHammingDistance MultilabelJaccardIndex MultilabelLogAUC
        MultilabelMatthewsCorrCoef MultilabelNegativePredictiveValue MultilabelPrecision
        MultilabelPrecisionAtFixedRecall MultilabelPrecisionRecallCurve MultilabelROC
        MultilabelRankingAveragePrecision MultilabelRankingLoss MultilabelRecall
        MultilabelRecallAtFixedPrecision MultilabelSensitivityAtSpecificity
        MultilabelSpecificity MultilabelSpecificityAtSensitivity MultilabelStatScores
        NegativePredictiveValue Precision PrecisionAtFixedRecall PrecisionRecallCurve ROC Recall
        RecallAtFixedPrecision SensitivityAtSpecificity Specificity SpecificityAtSensitivity
        StatScores
    """,
    "torchmetrics.regression": """
        ConcordanceCorrCoef ContinuousRankedProbabilityScore CosineSimilarity
        CriticalSuccessIndex ExplainedVariance JensenShannonDivergence KLDivergence
        KendallRankCorrCoef LogCoshError MeanAbsoluteError MeanAbsolutePercentageError
        MeanSquaredError MeanSquaredLogError MinkowskiDistance NormalizedRootMeanSquaredError
        PearsonCorrCoef R2Score RelativeSquaredError SpearmanCorrCoef
        SymmetricMeanAbsolutePercentageError TweedieDevianceScore
        WeightedMeanAbsolutePercentageError
    """,
    "torchmetrics.aggregation": """
        CatMetric MaxMetric MeanMetric MinMetric RunningMean RunningSum SumMetric
    """,
    "lightning": """
        Trainer
    """,
    "lightning.pytorch.trainer": """
        Trainer
    """,
    "lightning.pytorch.trainer.trainer": """
        Trainer
    """,
    "lightning.pytorch.callbacks.device_stats_monitor": """
        DeviceStatsMonitor
    """,
    "lightning.pytorch.callbacks.early_stopping": """
        EarlyStopping
    """,
    "lightning.pytorch.callbacks.gradient_accumulation_scheduler": """
        GradientAccumulationScheduler
    """,
    "lightning.pytorch.callbacks.lr_monitor": """
        LearningRateMonitor
    """,
    "lightning.pytorch.callbacks.model_checkpoint": """
        ModelCheckpoint
    """,
    "lightning.pytorch.callbacks.model_summary": """
        ModelSummary
    """,
    "lightning.pytorch.callbacks.progress": """
        ProgressBar RichProgressBar TQDMProgressBar
    """,
    "lightning.pytorch.callbacks.progress.rich_progress": """
        RichProgressBar
    """,
    "lightning.pytorch.callbacks.progress.tqdm_progress": """
        TQDMProgressBar
    """,
    "lightning.pytorch.callbacks.rich_model_summary": """
        RichModelSummary
    """,
    "lightning.pytorch.callbacks.stochastic_weight_avg": """
        StochasticWeightAveraging
    """,
    "lightning.pytorch.callbacks.timer": """
        Timer
    """,
    "lightning.pytorch.loggers.csv_logs": """
        CSVLogger
    """,
    "lightning.pytorch.loggers.mlflow": """
        MLFlowLogger
    """,
    "lightning.pytorch.loggers.tensorboard": """
        TensorBoardLogger
    """,
    "lightning.pytorch.loggers.wandb": """
        WandbLogger
    """,
    "torchvision.transforms": """
        AugMix AutoAugment AutoAugmentPolicy CenterCrop ColorJitter Compose ConvertImageDtype
        ElasticTransform FiveCrop GaussianBlur Grayscale InterpolationMode Lambda
        LinearTransformation Normalize PILToTensor Pad RandAugment RandomAdjustSharpness
        RandomAffine RandomApply RandomAutocontrast RandomChoice RandomCrop RandomEqualize
        RandomErasing RandomGrayscale RandomHorizontalFlip RandomInvert RandomOrder
        RandomPerspective RandomPosterize RandomResizedCrop RandomRotation RandomSolarize
        RandomVerticalFlip Resize TenCrop ToPILImage ToTensor TrivialAugmentWide
    """,
    "torchvision.transforms.v2": """
        AugMix AutoAugment AutoAugmentPolicy CenterCrop ClampBoundingBoxes ClampKeyPoints
        ColorJitter Compose ConvertBoundingBoxFormat ConvertImageDtype CutMix ElasticTransform
        FiveCrop GaussianBlur GaussianNoise Grayscale Identity InterpolationMode JPEG Lambda
        LinearTransformation MixUp Normalize PILToTensor Pad RGB RandAugment
        RandomAdjustSharpness RandomAffine RandomApply RandomAutocontrast
        RandomChannelPermutation RandomChoice RandomCrop RandomEqualize RandomErasing
        RandomGrayscale RandomHorizontalFlip RandomInvert RandomIoUCrop RandomOrder
        RandomPerspective RandomPhotometricDistort RandomPosterize RandomResize
        RandomResizedCrop RandomRotation RandomShortestSize RandomSolarize RandomVerticalFlip
        RandomZoomOut Resize SanitizeBoundingBoxes SanitizeKeyPoints ScaleJitter TenCrop ToDtype
        ToImage ToPILImage ToPureTensor ToTensor Transform TrivialAugmentWide
        UniformTemporalSubsample
    """,
    "torchvision.models": """
        alexnet convnext_base convnext_large convnext_small convnext_tiny densenet121
        densenet161 densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2
        efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7
        efficientnet_v2_l efficientnet_v2_m efficientnet_v2_s googlenet inception_v3 maxvit_t
        mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_large
        mobilenet_v3_small regnet_x_16gf regnet_x_1_6gf regnet_x_32gf regnet_x_3_2gf
        regnet_x_400mf regnet_x_800mf regnet_x_8gf regnet_y_128gf regnet_y_16gf regnet_y_1_6gf
        regnet_y_32gf regnet_y_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_8gf resnet101
        resnet152 resnet18 resnet34 resnet50 resnext101_32x8d resnext101_64x4d resnext50_32x4d
        shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0
        squeezenet1_0 squeezenet1_1 swin_b swin_s swin_t swin_v2_b swin_v2_s swin_v2_t vgg11
        vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn vit_b_16 vit_b_32 vit_h_14
        vit_l_16 vit_l_32 wide_resnet101_2 wide_resnet50_2
    """,
    "torchvision.models.detection": """
        fasterrcnn_mobilenet_v3_large_320_fpn fasterrcnn_mobilenet_v3_large_fpn
        fasterrcnn_resnet50_fpn fasterrcnn_resnet50_fpn_v2 fcos_resnet50_fpn
        keypointrcnn_resnet50_fpn maskrcnn_resnet50_fpn maskrcnn_resnet50_fpn_v2
        retinanet_resnet50_fpn retinanet_resnet50_fpn_v2 ssd300_vgg16
        ssdlite320_mobilenet_v3_large
    """,
    "torchvision.models.segmentation": """
        deeplabv3_mobilenet_v3_large deeplabv3_resnet101 deeplabv3_resnet50 fcn_resnet101
        fcn_resnet50 lraspp_mobilenet_v3_large
    """,
    "torchvision.models.video": """
        mc3_18 mvit_v1_b mvit_v2_s r2plus1d_18 r3d_18 s3d swin3d_b swin3d_s swin3d_t
    """,
    "sklearn.calibration": """
        CalibratedClassifierCV
    """,
    "sklearn.cluster": """
        AffinityPropagation AgglomerativeClustering Birch BisectingKMeans DBSCAN
        FeatureAgglomeration HDBSCAN KMeans MeanShift MiniBatchKMeans OPTICS
        SpectralBiclustering SpectralClustering SpectralCoclustering
    """,
    "sklearn.compose": """
        ColumnTransformer TransformedTargetRegressor
    """,
    "sklearn.covariance": """
        EllipticEnvelope EmpiricalCovariance GraphicalLasso GraphicalLassoCV LedoitWolf
        MinCovDet OAS ShrunkCovariance
    """,
    "sklearn.cross_decomposition": """
        CCA PLSCanonical PLSRegression PLSSVD
    """,
    "sklearn.decomposition": """
        DictionaryLearning FactorAnalysis FastICA IncrementalPCA KernelPCA
        LatentDirichletAllocation MiniBatchDictionaryLearning MiniBatchNMF MiniBatchSparsePCA
        NMF PCA SparseCoder SparsePCA TruncatedSVD
    """,
    "sklearn.discriminant_analysis": """
        LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis
    """,
    "sklearn.dummy": """
        DummyClassifier DummyRegressor
    """,
    "sklearn.ensemble": """
        AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor
        ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier
        GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor
        IsolationForest RandomForestClassifier RandomForestRegressor RandomTreesEmbedding
        StackingClassifier StackingRegressor VotingClassifier VotingRegressor
    """,
    "sklearn.feature_extraction": """
        DictVectorizer FeatureHasher
    """,
    "sklearn.feature_extraction.text": """
        CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer
    """,
    "sklearn.feature_selection": """
        GenericUnivariateSelect RFE RFECV SelectFdr SelectFpr SelectFromModel SelectFwe
        SelectKBest SelectPercentile SequentialFeatureSelector VarianceThreshold
    """,
    "sklearn.gaussian_process": """
        GaussianProcessClassifier GaussianProcessRegressor
    """,
    "sklearn.gaussian_process.kernels": """
        CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern
        PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel
    """,
    "sklearn.impute": """
        IterativeImputer KNNImputer MissingIndicator SimpleImputer
    """,
    "sklearn.isotonic": """
        IsotonicRegression
    """,
    "sklearn.kernel_approximation": """
        AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler
    """,
    "sklearn.kernel_ridge": """
        KernelRidge
    """,
    "sklearn.linear_model": """
        ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars
        LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression
        LogisticRegression LogisticRegressionCV MultiTaskElasticNet MultiTaskElasticNetCV
        MultiTaskLasso MultiTaskLassoCV OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV
        PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron PoissonRegressor
        QuantileRegressor RANSACRegressor Ridge RidgeCV RidgeClassifier RidgeClassifierCV
        SGDClassifier SGDOneClassSVM SGDRegressor TheilSenRegressor TweedieRegressor
    """,
    "sklearn.manifold": """
        Isomap LocallyLinearEmbedding MDS SpectralEmbedding TSNE
    """,
    "sklearn.mixture": """
        BayesianGaussianMixture GaussianMixture
    """,
    "sklearn.model_selection": """
        FixedThresholdClassifier GridSearchCV GroupKFold GroupShuffleSplit KFold
        LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit
        RandomizedSearchCV RepeatedKFold RepeatedStratifiedKFold ShuffleSplit
        StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit
        TunedThresholdClassifierCV
    """,
    "sklearn.multiclass": """
        OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier
    """,
    "sklearn.multioutput": """
        ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain
    """,
    "sklearn.naive_bayes": """
        BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB
    """,
    "sklearn.neighbors": """
        KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer KernelDensity
        LocalOutlierFactor NearestCentroid NearestNeighbors NeighborhoodComponentsAnalysis
        RadiusNeighborsClassifier RadiusNeighborsRegressor RadiusNeighborsTransformer
    """,
    "sklearn.neural_network": """
        BernoulliRBM MLPClassifier MLPRegressor
    """,
    "sklearn.pipeline": """
        FeatureUnion Pipeline
    """,
    "sklearn.preprocessing": """
        Binarizer FunctionTransformer KBinsDiscretizer KernelCenterer LabelBinarizer
        LabelEncoder MaxAbsScaler MinMaxScaler MultiLabelBinarizer Normalizer OneHotEncoder
        OrdinalEncoder PolynomialFeatures PowerTransformer QuantileTransformer RobustScaler
        SplineTransformer StandardScaler TargetEncoder
    """,
    "sklearn.random_projection": """
        GaussianRandomProjection SparseRandomProjection
    """,
    "sklearn.semi_supervised": """
        LabelPropagation LabelSpreading SelfTrainingClassifier
    """,
    "sklearn.svm": """
        LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR
    """,
    "sklearn.tree": """
        DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
    """,
    "lightgbm": """
        LGBMClassifier LGBMModel LGBMRanker LGBMRegressor
    """,
    "xgboost": """
        XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor
    """,
    "transformers": """
        AlbertConfig BartConfig BertConfig BertGenerationConfig BigBirdConfig BloomConfig
        CTRLConfig CamembertConfig CanineConfig CodeGenConfig ConvBertConfig ConvNextConfig
        ConvNextV2Config DebertaConfig DebertaV2Config DeiTConfig Dinov2Config DistilBertConfig
        ElectraConfig ErnieConfig FNetConfig FalconConfig FlaubertConfig FunnelConfig GPT2Config
        GPTBigCodeConfig GPTJConfig GPTNeoConfig GPTNeoXConfig GemmaConfig Gemma2Config
        HubertConfig LEDConfig LayoutLMConfig LlamaConfig LongT5Config LongformerConfig
        LukeConfig M2M100Config MBartConfig MPNetConfig MT5Config MambaConfig MarianConfig
        MegatronBertConfig MistralConfig MixtralConfig MobileBertConfig ModernBertConfig
        NystromformerConfig OPTConfig OlmoConfig PegasusConfig PhiConfig Phi3Config
        ProphetNetConfig Qwen2Config Qwen2MoeConfig Qwen3Config ReformerConfig RemBertConfig
        RoFormerConfig RobertaConfig RobertaPreLayerNormConfig SEWConfig SegformerConfig
        Speech2TextConfig SqueezeBertConfig StableLmConfig Starcoder2Config SwinConfig
        Swinv2Config SwitchTransformersConfig T5Config TimesformerConfig UMT5Config
        UniSpeechConfig ViTConfig ViTMAEConfig VideoMAEConfig Wav2Vec2Config WavLMConfig
        WhisperConfig XGLMConfig XLMConfig XLMRobertaConfig XLNetConfig XmodConfig YolosConfig
        CLIPTextConfig CLIPVisionConfig get_constant_schedule get_constant_schedule_with_warmup
        get_cosine_schedule_with_warmup get_cosine_with_hard_restarts_schedule_with_warmup
        get_cosine_with_min_lr_schedule_with_warmup get_inverse_sqrt_schedule
        get_linear_schedule_with_warmup get_polynomial_decay_schedule_with_warmup
        get_reduce_on_plateau_schedule get_scheduler get_wsd_schedule
    """,
    "transformers.optimization": """
        get_constant_schedule get_constant_schedule_with_warmup get_cosine_schedule_with_warmup
        get_cosine_with_hard_restarts_schedule_with_warmup
        get_cosine_with_min_lr_schedule_with_warmup get_inverse_sqrt_schedule
        get_linear_schedule_with_warmup get_polynomial_decay_schedule_with_warmup
        get_reduce_on_plateau_schedule get_scheduler get_wsd_schedule
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
"""Module → its classes, and functions, that build something and do nothing else."""

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
