"""What is known to be harmless: names that build data and do nothing else, and what may be done with each.

The list is made of what the libraries' own saved models name (known_names.py) and held to what it may be by
tests/detect/scan/test_known.py. A name that is not on it is not known; nothing here says that a name is bad.
"""

from __future__ import annotations

from trinity_guard.detect.scan.known_names import NAMES
from trinity_guard.detect.scan.record import NAMED, Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The class of a name, in the list: it may be handed to another call.
CLASS = "class"

# Keras imports the module and takes the class; layers that bring code, or fetch a file, are not among them.
_KERAS = {
    "keras keras.src.models.functional keras.src.models.sequential keras.models": "Sequential Functional Model",
    "keras.layers": (
        "InputLayer Dense Activation Embedding Masking Conv1D Conv2D Conv3D SeparableConv1D SeparableConv2D "
        "DepthwiseConv1D DepthwiseConv2D Conv1DTranspose Conv2DTranspose Conv3DTranspose MaxPooling1D MaxPooling2D "
        "MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D "
        "GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D LSTM LSTMCell GRU "
        "GRUCell SimpleRNN SimpleRNNCell RNN StackedRNNCells TimeDistributed Bidirectional ConvLSTM1D ConvLSTM2D "
        "ConvLSTM3D Normalization Discretization CategoryEncoding Hashing Rescaling Resizing CenterCrop "
        "BatchNormalization LayerNormalization UnitNormalization GroupNormalization Dropout SpatialDropout1D "
        "SpatialDropout2D SpatialDropout3D GaussianDropout GaussianNoise AlphaDropout MultiHeadAttention Attention "
        "AdditiveAttention Reshape Flatten RepeatVector Permute Cropping1D Cropping2D Cropping3D UpSampling1D "
        "UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Concatenate Average Maximum Minimum Add "
        "Subtract Multiply Dot ReLU Softmax LeakyReLU PReLU ELU Identity Sequential Functional Model ThresholdedReLU "
        "ActivityRegularization EinsumDense LocallyConnected1D LocallyConnected2D CuDNNLSTM CuDNNGRU "
        "SyncBatchNormalization SpectralNormalization HashedCrossing Convolution1D Convolution2D Convolution3D "
        "RandomBrightness RandomContrast RandomCrop RandomFlip RandomHeight RandomRotation RandomTranslation "
        "RandomWidth RandomZoom"
    ),
    "keras.initializers": (
        "Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling GlorotNormal GlorotUniform "
        "HeNormal HeUniform LecunNormal LecunUniform Orthogonal Identity OrthogonalInitializer IdentityInitializer"
    ),
    "keras.regularizers": "L1 L2 L1L2 OrthogonalRegularizer",
    "keras.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
    "keras.optimizers": "SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Nadam Ftrl Lion Adafactor LossScaleOptimizer",
    "keras.optimizers.schedules": (
        "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay"
    ),
    "keras.losses": (
        "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy "
        "SparseCategoricalCrossentropy MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError "
        "MeanSquaredLogarithmicError Huber LogCosh KLDivergence Poisson Hinge SquaredHinge CategoricalHinge "
        "CosineSimilarity Dice Tversky CTC Circle"
    ),
    "keras.metrics": (
        "Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy "
        "SparseTopKCategoricalAccuracy AUC Precision Recall F1Score FBetaScore R2Score IoU MeanIoU BinaryIoU Mean Sum "
        "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError "
        "RootMeanSquaredError BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy "
        "CosineSimilarity TruePositives TrueNegatives FalsePositives FalseNegatives KLDivergence Poisson Hinge "
        "SquaredHinge CategoricalHinge LogCoshError MeanRelativeError MeanTensor MeanMetricWrapper OneHotIoU "
        "OneHotMeanIoU PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity"
    ),
    "keras.src.ops.nn": (
        "AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy CTCDecode CTCLoss "
        "CategoricalCrossentropy Celu Conv ConvTranspose DepthToSpace DepthwiseConv DotProductAttention Elu Fold "
        "Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool "
        "Moments MultiHot Normalize OneHot PSNR Polar RMSNorm Relu Relu6 Selu SeparableConv Sigmoid Silu "
        "SoftShrink Softmax Softplus Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus SparseSigmoid "
        "Sparsemax Squareplus TanhShrink Threshold Unfold"
    ),
    "keras.src.ops.numpy": (
        "Abs Absolute Add All AllClose Amax Amin Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan "
        "Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array ArraySplit Average Bincount BitwiseAnd "
        "BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor BroadcastTo Cbrt Ceil "
        "Clip Concatenate Conj Conjugate Copy Corrcoef Correlate Cos Cosh CountNonzero Cross Cumprod Cumsum "
        "Deg2rad Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot Dsplit Dstack Einsum EmptyLike Equal "
        "Exp Exp2 ExpandDims Expm1 Fabs Flip Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod Full FullLike Gcd "
        "Geomspace GetItem Greater GreaterEqual Heaviside Histogram Hsplit Hstack Hypot I0 Imag Inner IsIn Isclose "
        "Isfinite Isinf Isnan Isneginf Isposinf Isreal Kron Lcm Ldexp LeftShift Less LessEqual Linspace Log Log10 "
        "Log1p Log2 Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Matmul Max Maximum "
        "Mean Median Meshgrid Min Minimum Mod Moveaxis Multiply NanToNum Nanargmax Nanargmin Nancumprod Nancumsum "
        "Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum Nanvar Ndim Negative "
        "Nextafter Nonzero NotEqual OnesLike Outer Pad Percentile Power Prod Ptp Quantile Rad2deg Ravel Real "
        "Reciprocal Repeat Reshape RightShift Roll Rot90 Round SearchSorted Select Sign Signbit Sin Sinc Sinh Size "
        "Slogdet Sort Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh "
        "Tensordot Tile Trace Transpose Trapezoid Tril Triu TrueDivide Trunc Unique UnravelIndex Vander Var Vdot "
        "View Vsplit Vstack Where ZerosLike"
    ),
    "keras.src.ops.math": (
        "CDist Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt STFT "
        "SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum TopK ViewAsComplex ViewAsReal"
    ),
    "keras.src.ops.linalg": (
        "Cholesky CholeskyInverse Det Eig Eigh Inv Lstsq LuFactor MatrixRank Norm Pinv Qr SVD Solve SolveTriangular"
    ),
    "keras.src.ops.image": (
        "AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates PadImages "
        "PerspectiveTransform RGBToGrayscale RGBToHSV Resize SSIM ScaleAndTranslate SobelEdges"
    ),
    "keras.activations": (
        "relu sigmoid softmax softplus softsign tanh elu selu gelu swish silu linear exponential leaky_relu relu6 "
        "hard_sigmoid hard_silu hard_swish mish log_softmax"
    ),
    "keras keras.mixed_precision": "DTypePolicy Policy",
}

_KERAS_PLACES = tuple(
    sorted(
        (place for places in _KERAS for place in places.split() if not place.startswith("keras.src")),
        key=lambda place: place != "keras.layers",
    )
)


def _read() -> dict[Name, frozenset[str]]:
    found: dict[Name, set[str]] = {}
    for line in NAMES.splitlines():
        head, _, names = line.partition(": ")
        module, *uses = head.split()
        for one in _spelled(module):
            for name in names.split():
                found.setdefault((one, name), {NAMED}).update(uses)
    for modules, names in _KERAS.items():
        for module in modules.split():
            for name in names.split():
                found.setdefault((module, name), {NAMED}).add("called")
    return {name: frozenset(uses) for name, uses in found.items()}


def _spelled(module: str) -> tuple[str, ...]:
    """Return a module's names before and since NumPy 2."""
    if module.startswith("numpy._core"):
        return module, module.replace("numpy._core", "numpy.core", 1)
    if module.startswith("numpy.core"):
        return module, module.replace("numpy.core", "numpy._core", 1)
    return (module,)


KNOWN = _read()


def uses(name: Name) -> frozenset[str]:
    """Return what may be done with a name; none where it is not known."""
    return KNOWN.get(name, frozenset())


def of_keras(name: str) -> Name:
    """Return where Keras has a class that comes without its module: whose name it would find among its own.

    Keras 2.11 to 2.15 register their optimizers as anybody registers what is his own, and so they name them.
    """
    own = name.removeprefix("Custom>")
    if own != name:
        return ("keras.optimizers", own) if uses(("keras.optimizers", own)) else ("keras.layers", name)
    return next(((place, name) for place in _KERAS_PLACES if uses((place, name))), ("keras.layers", name))


def is_class(name: Name) -> bool:
    return CLASS in uses(name)


def is_allowed(name: Name, allow: Sequence[str]) -> bool:
    """Whether a user's `pickle-allow` names it: in full, or by `package.*`, which stands for the names of its modules.

    An attribute of a name ("Model.load.__globals__") is meant only where it is written out.
    """
    module, text = name[0], ".".join(name)
    for pattern in allow:
        if pattern == text:
            return True
        package = pattern.removesuffix(".*")
        if package != pattern and "." not in name[1] and (module == package or module.startswith(package + ".")):
            return True
    return False
