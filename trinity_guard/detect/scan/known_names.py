"""Names of saved models and what is done with them: written by `python -m benchmarks.known`.

Made with joblib 1.4.2, lightgbm 4.5.0, numpy 1.26.4, pandas 2.2.3, scikit-learn 1.4.2, scipy 1.13.1, xgboost 2.1.4;
joblib 1.5.1, lightgbm 4.6.0, numpy 2.1.3, pandas 2.3.0, scikit-learn 1.6.1, scipy 1.15.2, xgboost 3.0.2; joblib
1.6.0, lightgbm 4.7.0, numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1, scipy 1.17.1, xgboost 3.2.0; joblib 1.6.0,
lightgbm 4.7.0, numpy 2.4.6, pandas 3.1.1, pyarrow 26.0.1, scikit-learn 1.9.1, scipy 1.17.1, xgboost 3.2.0.
"""

NAMES = """\
_codecs called: encode
builtins called class: bytearray bytes complex frozenset range set slice
builtins class: dict float list
collections called class: Counter
collections called class extended: OrderedDict defaultdict deque
copyreg built called: _reconstructor
datetime called class: date datetime time timedelta timezone
decimal called class: Decimal
fractions called class: Fraction
joblib.numpy_pickle built class new: NumpyArrayWrapper
lightgbm.basic built class new: Booster
lightgbm.sklearn built class new: LGBMClassifier LGBMRanker LGBMRegressor
numpy: absolute exp expm1 log log1p mean sqrt tanh
numpy built called class: dtype
numpy class: float64 int64 matrix ndarray recarray record
numpy built class new: poly1d
numpy._core._multiarray_umath: absolute exp expm1 log log1p sqrt tanh
numpy._core.multiarray built called: _reconstruct
numpy._core.multiarray called: scalar
numpy._core.numeric called: _frombuffer
numpy.core._multiarray_umath: absolute exp expm1 log log1p sqrt tanh
numpy.core.multiarray built called: _reconstruct
numpy.core.multiarray called: scalar
numpy.core.numeric called: _frombuffer
numpy.ma class: MaskedArray
numpy.ma.core class: MaskedArray
numpy.ma.core built called: _mareconstruct
numpy.polynomial.polynomial built class new: Polynomial
numpy.random._mt19937 class: MT19937
numpy.random._pcg64 class: PCG64 PCG64DXSM
numpy.random._philox class: Philox
numpy.random._pickle built called: __bit_generator_ctor __generator_ctor __randomstate_ctor
numpy.random._sfc64 class: SFC64
numpy.random.bit_generator class: SeedSequence
numpy.random.bit_generator built called: __pyx_unpickle_SeedSequence
numpy.rec class: recarray
pandas built class new: BooleanDtype CategoricalDtype DataFrame DatetimeTZDtype Float64Dtype Int64Dtype IntervalDtype
pandas built class new: Series SparseDtype
pandas class: Categorical DatetimeIndex Index MultiIndex RangeIndex
pandas called class: Interval Period PeriodDtype StringDtype
pandas: NA
pandas._libs.arrays built called: __pyx_unpickle_NDArrayBacked
pandas._libs.internals called: _unpickle_block
pandas._libs.interval called class: Interval
pandas._libs.interval built called: __pyx_unpickle_IntervalMixin
pandas._libs.missing: NA
pandas._libs.sparse called class: IntIndex
pandas._libs.tslibs.nattype called: __nat_unpickle _nat_unpickle
pandas._libs.tslibs.offsets called class: YearEnd
pandas._libs.tslibs.period called class: Period
pandas._libs.tslibs.timedeltas called: _timedelta_unpickle
pandas._libs.tslibs.timestamps called: _unpickle_timestamp
pandas.arrays built class new: ArrowStringArray BooleanArray FloatingArray IntegerArray SparseArray
pandas.arrays class: DatetimeArray IntervalArray PeriodArray StringArray TimedeltaArray
pandas.core.arrays.boolean built class new: BooleanArray
pandas.core.arrays.boolean class new: BooleanDtype
pandas.core.arrays.categorical class: Categorical
pandas.core.arrays.datetimes class: DatetimeArray
pandas.core.arrays.floating built class new: Float64Dtype FloatingArray
pandas.core.arrays.integer built class new: Int64Dtype IntegerArray
pandas.core.arrays.interval class: IntervalArray
pandas.core.arrays.period class: PeriodArray
pandas.core.arrays.sparse.array built class new: SparseArray
pandas.core.arrays.string_ class: StringArray
pandas.core.arrays.string_ built called class new: StringDtype
pandas.core.arrays.timedeltas class: TimedeltaArray
pandas.core.dtypes.dtypes built class new: CategoricalDtype DatetimeTZDtype IntervalDtype SparseDtype
pandas.core.dtypes.dtypes called class: PeriodDtype
pandas.core.frame built class new: DataFrame
pandas.core.indexes.base class: Index
pandas.core.indexes.base called: _new_Index
pandas.core.indexes.datetimes class: DatetimeIndex
pandas.core.indexes.datetimes called: _new_DatetimeIndex
pandas.core.indexes.multi class: MultiIndex
pandas.core.indexes.range class: RangeIndex
pandas.core.internals.managers called class: BlockManager
pandas.core.internals.managers built class new: SingleBlockManager
pandas.core.series built class new: Series
pathlib called class: PurePosixPath
pyarrow.lib called: _restore_array py_buffer type_for_alias
scipy._lib.array_api_compat.numpy._aliases: asarray
scipy.interpolate._bsplines built class new: BSpline
scipy.interpolate._cubic built class new: CubicSpline PchipInterpolator
scipy.interpolate._fitpack2 built class new: LSQUnivariateSpline
scipy.interpolate._interpolate built class new: interp1d
scipy.interpolate._interpolate: interp1d._call_linear_np
scipy.interpolate._rbfinterp built class new: RBFInterpolator
scipy.sparse._bsr built class new: bsr_array bsr_matrix
scipy.sparse._coo built class new: coo_array coo_matrix
scipy.sparse._csc built class new: csc_array csc_matrix
scipy.sparse._csr built class new: csr_array csr_matrix
scipy.sparse._dia built class new: dia_array dia_matrix
scipy.sparse._dok class: dok_array dok_matrix
scipy.sparse._lil built class new: lil_array lil_matrix
scipy.spatial._ckdtree built class new: cKDTree
scipy.spatial._kdtree built class new: KDTree
scipy.spatial.transform._rotation built class new: Rotation
scipy.stats._kde built class new: gaussian_kde
sklearn._loss._loss called class: CyHalfBinomialLoss CyHalfGammaLoss CyHalfPoissonLoss CyHalfSquaredError
sklearn._loss._loss called class: CyHalfTweedieLossIdentity
sklearn._loss._loss called: __pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfGammaLoss
sklearn._loss._loss called: __pyx_unpickle_CyHalfPoissonLoss __pyx_unpickle_CyHalfSquaredError
sklearn._loss._loss called: __pyx_unpickle_CyHalfTweedieLossIdentity
sklearn._loss.link class new: IdentityLink LogLink LogitLink
sklearn._loss.link built class new: Interval
sklearn._loss.loss built class new: HalfBinomialLoss HalfGammaLoss HalfPoissonLoss HalfSquaredError
sklearn._loss.loss built class new: HalfTweedieLossIdentity
sklearn.calibration built class new: CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration
sklearn.cluster._affinity_propagation built class new: AffinityPropagation
sklearn.cluster._agglomerative built class new: AgglomerativeClustering FeatureAgglomeration
sklearn.cluster._bicluster built class new: SpectralBiclustering SpectralCoclustering
sklearn.cluster._birch built class new: Birch _CFNode _CFSubcluster
sklearn.cluster._bisect_k_means built class new: BisectingKMeans _BisectingTree
sklearn.cluster._dbscan built class new: DBSCAN
sklearn.cluster._hdbscan.hdbscan built class new: HDBSCAN
sklearn.cluster._kmeans built class new: KMeans MiniBatchKMeans
sklearn.cluster._kmeans: _kmeans_single_lloyd
sklearn.cluster._mean_shift built class new: MeanShift
sklearn.cluster._optics built class new: OPTICS
sklearn.cluster._spectral built class new: SpectralClustering
sklearn.compose._column_transformer built class new: ColumnTransformer _RemainderColsList
sklearn.compose._target built class new: TransformedTargetRegressor
sklearn.covariance._elliptic_envelope built class new: EllipticEnvelope
sklearn.covariance._empirical_covariance built class new: EmpiricalCovariance
sklearn.covariance._graph_lasso built class new: GraphicalLasso GraphicalLassoCV
sklearn.covariance._robust_covariance built class new: MinCovDet
sklearn.covariance._shrunk_covariance built class new: LedoitWolf OAS ShrunkCovariance
sklearn.cross_decomposition._pls built class new: CCA PLSCanonical PLSRegression PLSSVD
sklearn.decomposition._dict_learning built class new: DictionaryLearning MiniBatchDictionaryLearning SparseCoder
sklearn.decomposition._factor_analysis built class new: FactorAnalysis
sklearn.decomposition._fastica built class new: FastICA
sklearn.decomposition._incremental_pca built class new: IncrementalPCA
sklearn.decomposition._kernel_pca built class new: KernelPCA
sklearn.decomposition._lda built class new: LatentDirichletAllocation
sklearn.decomposition._nmf built class new: MiniBatchNMF NMF
sklearn.decomposition._pca built class new: PCA
sklearn.decomposition._sparse_pca built class new: MiniBatchSparsePCA SparsePCA
sklearn.decomposition._truncated_svd built class new: TruncatedSVD
sklearn.discriminant_analysis built class new: LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis
sklearn.dummy built class new: DummyClassifier DummyRegressor
sklearn.ensemble._bagging built class new: BaggingClassifier BaggingRegressor
sklearn.ensemble._forest built class new: ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier
sklearn.ensemble._forest built class new: RandomForestRegressor RandomTreesEmbedding
sklearn.ensemble._gb built class new: GradientBoostingClassifier GradientBoostingRegressor
sklearn.ensemble._hist_gradient_boosting.binning built class new: _BinMapper
sklearn.ensemble._hist_gradient_boosting.gradient_boosting built class new: HistGradientBoostingClassifier
sklearn.ensemble._hist_gradient_boosting.gradient_boosting built class new: HistGradientBoostingRegressor
sklearn.ensemble._hist_gradient_boosting.predictor built class new: TreePredictor
sklearn.ensemble._iforest built class new: IsolationForest
sklearn.ensemble._stacking built class new: StackingClassifier StackingRegressor
sklearn.ensemble._voting built class new: VotingClassifier VotingRegressor
sklearn.ensemble._weight_boosting built class new: AdaBoostClassifier AdaBoostRegressor
sklearn.feature_extraction._dict_vectorizer built class new: DictVectorizer
sklearn.feature_extraction._hash built class new: FeatureHasher
sklearn.feature_extraction.image built class new: PatchExtractor
sklearn.feature_extraction.text built class new: CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer
sklearn.feature_selection._from_model built class new: SelectFromModel
sklearn.feature_selection._rfe built class new: RFE RFECV
sklearn.feature_selection._sequential built class new: SequentialFeatureSelector
sklearn.feature_selection._univariate_selection built class new: GenericUnivariateSelect SelectFdr SelectFpr SelectFwe
sklearn.feature_selection._univariate_selection built class new: SelectKBest SelectPercentile
sklearn.feature_selection._univariate_selection: f_classif
sklearn.feature_selection._variance_threshold built class new: VarianceThreshold
sklearn.frozen._frozen built class new: FrozenEstimator
sklearn.gaussian_process._gpc built class new: GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace
sklearn.gaussian_process._gpr built class new: GaussianProcessRegressor
sklearn.gaussian_process.kernels built class new: ConstantKernel Product RBF
sklearn.impute._base built class new: MissingIndicator SimpleImputer
sklearn.impute._knn built class new: KNNImputer
sklearn.isotonic built class new: IsotonicRegression
sklearn.kernel_approximation built class new: AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler
sklearn.kernel_approximation built class new: SkewedChi2Sampler
sklearn.kernel_ridge built class new: KernelRidge
sklearn.linear_model._base built class new: LinearRegression
sklearn.linear_model._bayes built class new: ARDRegression BayesianRidge
sklearn.linear_model._coordinate_descent built class new: ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet
sklearn.linear_model._coordinate_descent built class new: MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV
sklearn.linear_model._glm.glm built class new: GammaRegressor PoissonRegressor TweedieRegressor
sklearn.linear_model._huber built class new: HuberRegressor
sklearn.linear_model._least_angle built class new: Lars LarsCV LassoLars LassoLarsCV LassoLarsIC
sklearn.linear_model._logistic built class new: LogisticRegression LogisticRegressionCV
sklearn.linear_model._omp built class new: OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV
sklearn.linear_model._passive_aggressive built class new: PassiveAggressiveClassifier PassiveAggressiveRegressor
sklearn.linear_model._perceptron built class new: Perceptron
sklearn.linear_model._quantile built class new: QuantileRegressor
sklearn.linear_model._ransac built class new: RANSACRegressor
sklearn.linear_model._ridge built class new: Ridge RidgeCV RidgeClassifier RidgeClassifierCV
sklearn.linear_model._sgd_fast called class: Hinge
sklearn.linear_model._stochastic_gradient built class new: SGDClassifier SGDOneClassSVM SGDRegressor
sklearn.linear_model._theil_sen built class new: TheilSenRegressor
sklearn.manifold._classical_mds built class new: ClassicalMDS
sklearn.manifold._isomap built class new: Isomap
sklearn.manifold._locally_linear built class new: LocallyLinearEmbedding
sklearn.manifold._mds built class new: MDS
sklearn.manifold._spectral_embedding built class new: SpectralEmbedding
sklearn.manifold._t_sne built class new: TSNE
sklearn.metrics._classification: balanced_accuracy_score
sklearn.metrics._dist_metrics class: EuclideanDistance64
sklearn.metrics._dist_metrics built called: newObj
sklearn.metrics._scorer built class new: _CurveScorer _PassthroughScorer _Scorer
sklearn.mixture._bayesian_mixture built class new: BayesianGaussianMixture
sklearn.mixture._gaussian_mixture built class new: GaussianMixture
sklearn.model_selection._classification_threshold built class new: FixedThresholdClassifier TunedThresholdClassifierCV
sklearn.model_selection._search built class new: GridSearchCV RandomizedSearchCV
sklearn.model_selection._split built class new: StratifiedKFold
sklearn.multiclass built class new: OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor
sklearn.multioutput built class new: ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain
sklearn.naive_bayes built class new: BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB
sklearn.neighbors._classification built class new: KNeighborsClassifier RadiusNeighborsClassifier
sklearn.neighbors._graph built class new: KNeighborsTransformer RadiusNeighborsTransformer
sklearn.neighbors._kd_tree class: KDTree
sklearn.neighbors._kd_tree built called: newObj
sklearn.neighbors._kde built class new: KernelDensity
sklearn.neighbors._lof built class new: LocalOutlierFactor
sklearn.neighbors._nca built class new: NeighborhoodComponentsAnalysis
sklearn.neighbors._nearest_centroid built class new: NearestCentroid
sklearn.neighbors._regression built class new: KNeighborsRegressor RadiusNeighborsRegressor
sklearn.neighbors._unsupervised built class new: NearestNeighbors
sklearn.neural_network._multilayer_perceptron built class new: MLPClassifier MLPRegressor
sklearn.neural_network._rbm built class new: BernoulliRBM
sklearn.neural_network._stochastic_optimizers built class new: AdamOptimizer
sklearn.pipeline built class new: FeatureUnion Pipeline
sklearn.preprocessing._data built class new: Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer
sklearn.preprocessing._data built class new: PowerTransformer QuantileTransformer RobustScaler StandardScaler
sklearn.preprocessing._discretization built class new: KBinsDiscretizer
sklearn.preprocessing._encoders built class new: OneHotEncoder OrdinalEncoder
sklearn.preprocessing._function_transformer built class new: FunctionTransformer
sklearn.preprocessing._label built class new: LabelBinarizer LabelEncoder MultiLabelBinarizer
sklearn.preprocessing._polynomial built class new: PolynomialFeatures SplineTransformer
sklearn.preprocessing._target_encoder built class new: TargetEncoder
sklearn.random_projection built class new: GaussianRandomProjection SparseRandomProjection
sklearn.semi_supervised._label_propagation built class new: LabelPropagation LabelSpreading
sklearn.semi_supervised._self_training built class new: SelfTrainingClassifier
sklearn.svm._classes built class new: LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR
sklearn.tree._classes built class new: DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier
sklearn.tree._classes built class new: ExtraTreeRegressor
sklearn.tree._tree built called class: Tree
sklearn.utils._bunch built class extended new: Bunch
sklearn.utils._metadata_requests built class new: MetadataRequest MethodMetadataRequest
uuid built class new: UUID
xgboost.core built class new: Booster
xgboost.sklearn built class new: XGBClassifier XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor
collections called built extended class: OrderedDict
scipy.sparse._dok built class new: dok_array dok_matrix
builtins class: object
pandas class: CategoricalIndex IntervalIndex PeriodIndex TimedeltaIndex
pandas.core.indexes.category class: CategoricalIndex
pandas.core.indexes.interval class: IntervalIndex
pandas.core.indexes.interval called: _new_IntervalIndex
pandas.core.indexes.period class: PeriodIndex
pandas.core.indexes.timedeltas class: TimedeltaIndex
pandas.core.indexes.timedeltas called: _new_TimedeltaIndex
pandas._libs.tslibs.offsets called class: BQuarterBegin BQuarterEnd BYearBegin BYearEnd BusinessDay BusinessMonthBegin
pandas._libs.tslibs.offsets called class: BusinessMonthEnd Day Hour LastWeekOfMonth Micro Milli Minute MonthBegin
pandas._libs.tslibs.offsets called class: MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin SemiMonthEnd
pandas._libs.tslibs.offsets called class: Week WeekOfMonth YearBegin
pandas.core.frame: DataFrame.rename
pandas.core.generic: NDFrame.replace
torch class: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage
torch class: FloatStorage HalfStorage IntStorage LongStorage ShortStorage QInt8Storage QUInt8Storage QInt32Storage
torch.storage class: UntypedStorage TypedStorage
torch: float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64
torch: complex128 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu qint8 qint32 quint8
torch: per_tensor_affine per_channel_affine per_channel_affine_float_qparams
torch._utils called: _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_qtensor
torch._utils called: _rebuild_sparse_tensor
torch.serialization called: _get_layout
torch.nn.modules.activation built class new: CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU
torch.nn.modules.activation built class new: LogSigmoid LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU
torch.nn.modules.activation built class new: SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh
torch.nn.modules.activation built class new: Tanhshrink Threshold
torch.nn.modules.adaptive built class new: AdaptiveLogSoftmaxWithLoss
torch.nn.modules.batchnorm built class new: BatchNorm1d BatchNorm2d BatchNorm3d
torch.nn.modules.channelshuffle built class new: ChannelShuffle
torch.nn.modules.container built class new: ModuleDict ModuleList ParameterDict ParameterList Sequential
torch.nn.modules.conv built class new: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
torch.nn.modules.distance built class new: CosineSimilarity PairwiseDistance
torch.nn.modules.dropout built class new: AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout
torch.nn.modules.flatten built class new: Flatten Unflatten
torch.nn.modules.fold built class new: Fold Unfold
torch.nn.modules.instancenorm built class new: InstanceNorm1d InstanceNorm2d InstanceNorm3d
torch.nn.modules.linear built class new: Bilinear Identity Linear NonDynamicallyQuantizableLinear
torch.nn.modules.loss built class new: BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss
torch.nn.modules.loss built class new: GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss
torch.nn.modules.loss built class new: LinearCrossEntropyLoss MSELoss MarginRankingLoss MultiLabelMarginLoss
torch.nn.modules.loss built class new: MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PoissonNLLLoss SmoothL1Loss
torch.nn.modules.loss built class new: SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
torch.nn.modules.normalization built class new: CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm
torch.nn.modules.padding built class new: CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d
torch.nn.modules.padding built class new: ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d
torch.nn.modules.padding built class new: ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d
torch.nn.modules.padding built class new: ZeroPad3d
torch.nn.modules.pixelshuffle built class new: PixelShuffle PixelUnshuffle
torch.nn.modules.pooling built class new: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
torch.nn.modules.pooling built class new: AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d
torch.nn.modules.pooling built class new: FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d
torch.nn.modules.pooling built class new: MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d
torch.nn.modules.rnn built class new: GRU GRUCell LSTM LSTMCell RNN RNNCell
torch.nn.modules.sparse built class new: Embedding EmbeddingBag
torch.nn.modules.transformer built class new: Transformer TransformerDecoder TransformerDecoderLayer
torch.nn.modules.transformer built class new: TransformerEncoder TransformerEncoderLayer
torch.nn.modules.upsampling built class new: Upsample UpsamplingBilinear2d UpsamplingNearest2d
torch.nn.functional: elu gelu glu hardswish leaky_relu log_softmax logsigmoid mish relu relu6 selu sigmoid silu softmax
torch.nn.functional: softplus tanh
torch._C._nn: gelu
torch.storage called: _load_from_bytes
torch.optim.adadelta built class new: Adadelta
torch.optim.adagrad built class new: Adagrad
torch.optim.adam built class new: Adam
torch.optim.adamax built class new: Adamax
torch.optim.adamw built class new: AdamW
torch.optim.asgd built class new: ASGD
torch.optim.nadam built class new: NAdam
torch.optim.radam built class new: RAdam
torch.optim.rmsprop built class new: RMSprop
torch.optim.rprop built class new: Rprop
torch.optim.sgd built class new: SGD
torch called class: Size device
scipy.interpolate._bsplines built class new: _BSpline
scipy.interpolate._cubic built class new: Akima1DInterpolator
scipy.interpolate._interpolate built class new: PPoly _PPoly
pathlib._local called class: PurePosixPath
catboost.core built class new: CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor
imblearn.combine._smote_enn built class new: SMOTEENN
imblearn.combine._smote_tomek built class new: SMOTETomek
imblearn.ensemble._bagging built class new: BalancedBaggingClassifier
imblearn.ensemble._easy_ensemble built class new: EasyEnsembleClassifier
imblearn.ensemble._forest built class new: BalancedRandomForestClassifier
imblearn.ensemble._weight_boosting built class new: RUSBoostClassifier
imblearn.over_sampling._adasyn built class new: ADASYN
imblearn.over_sampling._random_over_sampler built class new: RandomOverSampler
imblearn.over_sampling._smote built class new: BorderlineSMOTE KMeansSMOTE SMOTE SMOTENC SVMSMOTE
imblearn.over_sampling._smote.base built class new: SMOTE SMOTEN SMOTENC
imblearn.over_sampling._smote.cluster built class new: KMeansSMOTE
imblearn.over_sampling._smote.filter built class new: BorderlineSMOTE SVMSMOTE
imblearn.pipeline built class new: Pipeline
imblearn.under_sampling._prototype_generation._cluster_centroids built class new: ClusterCentroids
imblearn.under_sampling._prototype_selection._condensed_nearest_neighbour built class new: CondensedNearestNeighbour
imblearn.under_sampling._prototype_selection._edited_nearest_neighbours built class new: AllKNN EditedNearestNeighbours
imblearn.under_sampling._prototype_selection._edited_nearest_neighbours built class new: RepeatedEditedNearestNeighbours
imblearn.under_sampling._prototype_selection._instance_hardness_threshold built class new: InstanceHardnessThreshold
imblearn.under_sampling._prototype_selection._nearmiss built class new: NearMiss
imblearn.under_sampling._prototype_selection._neighbourhood_cleaning_rule built class new: NeighbourhoodCleaningRule
imblearn.under_sampling._prototype_selection._one_sided_selection built class new: OneSidedSelection
imblearn.under_sampling._prototype_selection._random_under_sampler built class new: RandomUnderSampler
imblearn.under_sampling._prototype_selection._tomek_links built class new: TomekLinks
"""
