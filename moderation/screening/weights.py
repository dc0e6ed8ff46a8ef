"""The classifier's weights, out of the package that ships them, as plain Python.

`alt-profanity-check` keeps a scikit-learn model in joblib's files. To run it takes scikit-learn, SciPy and NumPy: 275
MB on the disk, 120 MB in each process and more than a second to import, for what is a sum over words. So the files are
read without them (ADR 76): an unpickler that knows the few names they contain, and makes nothing of any other.

The model: words weighted by how often they stand in the text and how rare they are, in a vector of length 1; five
linear machines, each calibrated by a sigmoid; the mean of these.
"""

import math
import pickle
import re
import struct
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

_WORD = re.compile(r"\b\w\w+\b")
_CODES = {"f8": "d", "i8": "q"}


@dataclass(frozen=True)
class _Machine:
    weights: Sequence[float]
    bias: float
    slope: float
    offset: float


@dataclass(frozen=True)
class Weights:
    words: dict[str, int]
    rarity: Sequence[float]
    machines: Sequence[_Machine]

    def score(self, text: str) -> float:
        """How sure it is that this is offensive: 0 to 1."""
        counts = Counter(
            place for word in _WORD.findall(text.lower()) if (place := self.words.get(word)) is not None
        )
        weighed = {place: many * self.rarity[place] for place, many in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weighed.values())) or 1.0
        sides = (
            (
                machine,
                sum(weight * machine.weights[place] for place, weight in weighed.items()) / length
                + machine.bias,
            )
            for machine in self.machines
        )
        sure = [1 / (1 + math.exp(machine.slope * side + machine.offset)) for machine, side in sides]
        return sum(sure) / len(sure)


def load() -> Weights:
    """Read the package's files: a few milliseconds. Raises whatever is wrong with them."""
    folder = _folder()
    vectorizer, model = _read(folder / "vectorizer.joblib"), _read(folder / "model.joblib")
    machines = [
        _Machine(
            weights=one.estimator.coef_.values,
            bias=one.estimator.intercept_.values[0],
            slope=one.calibrators[0].a_,
            offset=one.calibrators[0].b_,
        )
        for one in model.calibrated_classifiers_
    ]
    return Weights(vectorizer.vocabulary_, vectorizer._tfidf.idf_.values, machines)


def _folder() -> Path:
    """Found without importing the package, which would ask for scikit-learn."""
    spec = find_spec("profanity_check")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("profanity_check is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        return _Reader(file).load()


class _Shell:
    """Stands for an object of scikit-learn: its attributes, and nothing that it can do."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class _Dtype:
    def __init__(self, code: str, *_how: bool) -> None:
        self.code = code

    def __setstate__(self, _state: object) -> None:
        return None


class _Bare:
    """A file that can only be read forward: so the unpickler never reads beyond where an array begins."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.readline = file.read, file.readline


class _Reader(pickle.Unpickler):
    """Makes shells, numbers and arrays; raises `UnpicklingError` at any name that is not one of these."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(_Bare(file))
        self._known: dict[tuple[str, str], Any] = {
            ("joblib.numpy_pickle", "NumpyArrayWrapper"): _array_in(file),
            ("numpy", "dtype"): _Dtype,
            ("numpy._core.multiarray", "scalar"): _scalar,
            ("numpy", "ndarray"): _Shell,
            ("numpy", "float64"): _Shell,
            ("sklearn.calibration", "CalibratedClassifierCV"): _Shell,
            ("sklearn.calibration", "_CalibratedClassifier"): _Shell,
            ("sklearn.calibration", "_SigmoidCalibration"): _Shell,
            ("sklearn.feature_extraction.text", "TfidfTransformer"): _Shell,
            ("sklearn.feature_extraction.text", "TfidfVectorizer"): _Shell,
            ("sklearn.svm._classes", "LinearSVC"): _Shell,
        }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._known[module, name]
        except KeyError as error:
            raise pickle.UnpicklingError(f"{module}.{name} is not known here") from error


def _scalar(kind: _Dtype, raw: bytes) -> float | int:
    number: float | int = struct.unpack(f"<{_CODES[kind.code]}", raw)[0]
    return number


def _array_in(file: IO[bytes]) -> Callable[..., Any]:
    """joblib writes the numbers of an array behind its description, after padding whose length the first byte says."""

    class _Array:
        def __setstate__(self, state: dict[str, Any]) -> None:
            if state.get("numpy_array_alignment_bytes"):
                file.read(file.read(1)[0])
            self.values = array(_CODES[state["dtype"].code])
            self.values.frombytes(file.read(math.prod(state["shape"]) * self.values.itemsize))

    return _Array
