"""Teachers: frozen networks whose descriptors are learned from.

Any ONNX file that maps pictures to one vector is a teacher: bytes or floats, NHWC or NCHW; size and
normalisation come from the file where it tells them, else from the defaults below. Checkpoints of
this toolkit are teachers, too: the start of the run, or others.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.commands import counted
from mobile_actnet.errors import ActnetError, ConfigError, MissingPackageError
from mobile_actnet.files import sha256_of
from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalisation
from mobile_actnet.training.distillation.config import TeacherNormalisation
from mobile_actnet.training.distillation.onnx_graph import OnnxGraph

DEFAULT_SIDE_PX = 224
_TRIED_SIDE_PX = 96
_LENGTH_EPSILON = 1e-12
# Statistics of RGB values in [0, 1] that CLIP was trained with (Radford et al., 2021).
_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Teacher(Protocol):
    """A frozen network.

    Attributes:
        identity: SHA-256 of what its descriptors depend on.
        dim: length of its descriptors.
        side_px: height and width that it takes clean pictures at.
    """

    identity: str
    dim: int
    side_px: int

    def describe(self, images: Tensor) -> Tensor:
        """Describe (B, 3, S, S) float32 pictures, RGB, 0 to 255: (B, dim) float32 of length 1."""
        ...


@dataclass(frozen=True)
class Teaching:
    """Who teaches, and how much.

    Attributes:
        teachers: at least one.
        weights: for each source of the pictures, how much they teach of each teacher.
        join_weights: part of each teacher in the similarity of the joined descriptor; None is the
            mean of `weights`.
    """

    teachers: list[Teacher]
    weights: list[list[float]]
    join_weights: list[float] | None = None


@dataclass(frozen=True)
class TeacherInput:
    """What an ONNX teacher takes.

    Attributes:
        name: of its input. channels_last: NHWC rather than NCHW. as_bytes: uint8.
        side_px: height and width where the file fixes them, else None.
        batch: size of the batch where the file fixes it, else None.
    """

    name: str
    channels_last: bool
    as_bytes: bool
    side_px: int | None
    batch: int | None


class CheckpointTeacher:
    """A network of this toolkit: the one that a run starts from, or another checkpoint.

    It gives the leading rows of its whitening, up to `most_values`: more than its descriptor has,
    so that a student keeps more of what the network knows.
    """

    def __init__(
        self, network: Actnet, side_px: int = DEFAULT_SIDE_PX, most_values: int = 512
    ) -> None:
        self.side_px, self.dim = side_px, min(most_values, network.config.whitening_dim)
        self._network = network.eval().requires_grad_(False)
        digest = hashlib.sha256(f"checkpoint {side_px} {self.dim}".encode())
        for key, value in sorted(network.state_dict().items()):
            digest.update(key.encode() + value.cpu().contiguous().numpy().tobytes())
        self.identity = digest.hexdigest()

    @torch.no_grad()
    def describe(self, images: Tensor) -> Tensor:
        device = images.device
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        scale, offset = normalisation()
        x = images * scale.to(device) + offset.to(device)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.float16, enabled=device.type == "cuda"):
            return self._network(x, self.dim).float()


class OnnxTeacher:
    """An ONNX file: run by onnxruntime on a CPU, by PyTorch on a GPU.

    Args:
        path: the file.
        device: that trains.
        side_px: size of clean pictures, where the file leaves it free.
        normalisation: of one that takes floats.
        threads: of onnxruntime; None is its own choice.

    Raises:
        ActnetError: unreadable, not one picture in and one vector out, or values that are not
            finite.
        MissingPackageError: without onnxruntime, or onnx on a GPU.
    """

    def __init__(
        self, path: Path, device: torch.device, side_px: int | None = None,
        normalisation: TeacherNormalisation = TeacherNormalisation.IMAGENET,
        threads: int | None = None,
    ) -> None:  # fmt: skip
        self.path, self._normalisation = path, normalisation
        self._session, self._graph = None, None
        session = _open(path, threads)
        try:
            self.input = _input_of(session, path)
        except UnicodeDecodeError as error:
            raise ActnetError(f"{path} is damaged: a name in it is not text") from error
        if self.input.side_px and side_px and side_px != self.input.side_px:
            raise ConfigError(
                f"{path} takes pictures of {self.input.side_px} px; --teacher-size {side_px} "
                "cannot change that: leave it out"
            )
        self.side_px = self.input.side_px or side_px or DEFAULT_SIDE_PX
        if device.type == "cuda":
            self._graph = OnnxGraph(path).to(device).half()
        else:
            self._session = session
        parts = f"{sha256_of(path)} {self.side_px} {normalisation}"
        self.identity = hashlib.sha256(parts.encode()).hexdigest()
        tried = self.describe(torch.full((1, 3, _TRIED_SIDE_PX, _TRIED_SIDE_PX), 128.0).to(device))
        # On a GPU only here: looking at every batch would wait for it.
        self._check_finite(tried)
        self.dim = tried.shape[1]

    @torch.no_grad()
    def describe(self, images: Tensor) -> Tensor:
        side = self.input.side_px
        if side and images.shape[-1] != side:
            images = torch.nn.functional.interpolate(
                images, size=(side, side), mode="bilinear", antialias=True
            )
        if self.input.as_bytes:
            images = images.round().clamp(0, 255)
        else:
            images = _normalised(images, self._normalisation)
        if self.input.channels_last:
            images = images.permute(0, 2, 3, 1)
        vectors = self._run(images.contiguous())
        if vectors.ndim != 2 or len(vectors) != len(images):
            raise ActnetError(
                f"{self.path} gives {tuple(vectors.shape)} for {len(images)} pictures; a teacher "
                "gives one vector for each: export it with its pooling, up to one vector"
            )
        return vectors / vectors.norm(dim=1, keepdim=True).clamp(min=_LENGTH_EPSILON)

    def _run(self, images: Tensor) -> Tensor:
        if self._graph is not None:
            try:
                output = self._graph(images if self.input.as_bytes else images.half()).float()
            # A graph may be well-formed and make no sense: shapes that do not fit raise anything.
            except (RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
                raise ActnetError(f"{self.path} cannot be run: {_first_line(error)}") from error
            return output[:, :, 0, 0] if output.shape[2:] == (1, 1) else output
        array = images.numpy().astype(np.uint8 if self.input.as_bytes else np.float32)
        step = self.input.batch or len(array)
        parts = [self._run_part(array[n : n + step], step) for n in range(0, len(array), step)]
        vectors = torch.from_numpy(np.concatenate(parts).astype(np.float32))
        self._check_finite(vectors)
        return vectors

    def _check_finite(self, vectors: Tensor) -> None:
        if not torch.isfinite(vectors).all():
            raise ActnetError(f"{self.path} gives values that are not finite; it is not a teacher")

    def _run_part(self, part: NDArray[Any], size: int) -> NDArray[Any]:
        """Run at most `size` pictures; where the file fixes the batch, fill it up."""
        missing = size - len(part)
        filled = np.concatenate([part, part[:1].repeat(missing, 0)]) if missing else part
        assert self._session is not None
        try:
            output = self._session.run(None, {self.input.name: filled})[0]
        # onnxruntime's errors have no base class of their own.
        except Exception as error:
            raise ActnetError(f"{self.path} cannot be run: {_first_line(error)}") from error
        if output.ndim == 4 and output.shape[2:] == (1, 1):
            output = output[:, :, 0, 0]
        return output[: len(part)]


def _normalised(images: Tensor, kind: TeacherNormalisation) -> Tensor:
    if kind is TeacherNormalisation.IMAGENET:
        scale, offset = normalisation()
        return images * scale.to(images.device) + offset.to(images.device)
    if kind is TeacherNormalisation.NONE:
        return images
    images = images / 255
    if kind is TeacherNormalisation.CLIP:
        mean = torch.tensor(_CLIP_MEAN, device=images.device)[:, None, None]
        std = torch.tensor(_CLIP_STD, device=images.device)[:, None, None]
        return (images - mean) / std
    return images if kind is TeacherNormalisation.ZERO_TO_ONE else 2 * images - 1


def _open(path: Path, threads: int | None) -> Any:
    try:
        import onnxruntime

        from mobile_actnet.runtime.onnx.onnx_file import read_model
    except ImportError as error:
        raise MissingPackageError(
            "an ONNX teacher needs the package onnxruntime; "
            "run: pip install 'mobile-actnet[onnx-runtime]'"
        ) from error
    if not path.is_file():
        raise ActnetError(f"teacher {path} does not exist; give an .onnx file")
    read_model(path)  # onnxruntime trusts what it reads, and opens other files that it names.
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if threads:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    # onnxruntime's errors have no base class of their own.
    except Exception as error:
        raise ActnetError(
            f"teacher {path} cannot be opened as ONNX: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _input_of(session: Any, path: Path) -> TeacherInput:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ActnetError(
            f"{path} has {counted(len(inputs), 'input')} and {counted(len(outputs), 'output')}; a "
            "teacher has one input, pictures, and one output, a vector for each"
        )
    shape = [side if isinstance(side, int) else None for side in inputs[0].shape]
    kinds = {"tensor(uint8)": True, "tensor(float)": False}
    if len(shape) != 4 or 3 not in (shape[1], shape[3]) or inputs[0].type not in kinds:
        raise ActnetError(
            f"{path} takes {inputs[0].type} {inputs[0].shape}; a teacher takes pictures as uint8 "
            "or float, (N, 3, H, W) or (N, H, W, 3)"
        )
    channels_last = shape[1] != 3
    height, width = (shape[1], shape[2]) if channels_last else (shape[2], shape[3])
    if (height is None) != (width is None) or height != width:
        raise ActnetError(f"{path} takes pictures of {height} x {width}; a teacher's are square")
    return TeacherInput(inputs[0].name, channels_last, kinds[inputs[0].type], height, shape[0])
