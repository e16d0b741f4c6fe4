"""Which names the libraries' own saved models import, and what is done with them, for a person to review.

    PYTHON -m benchmarks.known collect FILE.json     # in an environment for each set of versions
    python -m benchmarks.known write FILE.json…      # the union, as trinity_guard/detect/scan/known_names.py

What a library writes is not harmless for that: `tests/detect/scan/test_known.py` holds each entry to what it may be.
"""

from __future__ import annotations

import importlib
import json
import sys
import textwrap
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import benign
from trinity_guard.detect.scan import files

TARGET = Path(__file__).parent.parent / "trinity_guard" / "detect" / "scan" / "known_names.py"
LIBRARIES = ("joblib", "lightgbm", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "xgboost")

# Reviewed, and not taken: they fetch, call or open whatever stands beside them.
REFUSED = {("builtins", "getattr"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "__import__")}

# A name of scikit-learn 1.5 and 1.6 stands for a module that anybody's folder may have.
REFUSED_MODULES = {"_loss"}

# By hand: what these versions of PyTorch write for weights (torch.save of a state_dict), by its own list for
# weights_only; and the names of the same things before NumPy 2 and pandas 3, which the next sections may not hold.
BY_HAND = """\
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


def collect(target: str) -> None:
    """Write what this environment's libraries save."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, value in benign.all_of_them():
        for end, data in benign.saved(value):
            for name, uses in files.read_bytes(data, b"x." + end.encode()).names.items():
                found[name] |= uses - {"named"}
                if _is_class(*name):
                    found[name].add("class")
    here = {found.name for found in metadata.distributions()}
    versions = {name: metadata.version(name) for name in LIBRARIES if name in here}
    names = [[*name, sorted(uses)] for name, uses in sorted(found.items())]
    Path(target).write_text(json.dumps({"versions": versions, "names": names}))


def _is_class(module: str, name: str) -> bool:
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, type)


def write(sources: list[str]) -> None:
    said = [json.loads(Path(source).read_text()) for source in sources]
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in said:
        for module, name, uses in one["names"]:
            if (module, name) not in REFUSED and module not in REFUSED_MODULES:
                found[module, name] |= set(uses)
    versions = "; ".join(", ".join(f"{n} {v}" for n, v in one["versions"].items()) for one in said)
    head = '"""Names of saved models and what is done with them: written by `python -m benchmarks.known`.\n\n'
    text = head + "\n".join(textwrap.wrap(f"Made with {versions}.", 118)) + '\n"""\n\nNAMES = """\\\n'
    TARGET.write_text(text + _lines(found) + BY_HAND + '"""\n')


def _lines(found: dict[tuple[str, str], set[str]]) -> str:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (module, name), done in sorted(found.items()):
        grouped[module, " ".join(sorted(done))].append(name)
    out = []
    for (module, uses), names in grouped.items():
        head = f"{module} {uses}".rstrip() + ": "
        out += [head + line for line in textwrap.wrap(" ".join(names), 118 - len(head), break_long_words=False)]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    {"collect": lambda rest: collect(*rest), "write": write}[sys.argv[1]](sys.argv[2:])
