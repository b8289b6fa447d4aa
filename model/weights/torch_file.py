"""PyTorch's files of weights (pytorch_model.bin) read without PyTorch, and without running what is in them.

Such a file is a pickle, which may call whatever it names. Ours names nothing but what a dictionary of tensors needs;
anything else ends the reading. Both layouts are read: the zip archive that `torch.save` writes since 1.6, and the one
before it, a row of pickles with the raw values behind them, in which KoBigBird's weights are published
(torch/serialization.py, `_save` and `_legacy_save`).
"""

import collections
import contextlib
import io
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from model.contract.errors import InputError

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
ZIP = b"PK\x03\x04"

_BFLOAT16 = "bfloat16"
_STORED = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": _BFLOAT16,
    # Not weights, but positions and the like that older models carry along.
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "BoolStorage": "|b1",
    "ByteStorage": "|u1",
}
_REBUILD = "_rebuild_tensor_v2"


class _Storage(NamedTuple):
    """A stretch of values that tensors are views of; the values themselves lie elsewhere in the file."""

    dtype: str
    key: str
    length: int


class _View(NamedTuple):
    """A tensor as the pickle describes it: a part of a storage; lengths count values, not bytes."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _StorageType:
    """Stands for a class such as torch.FloatStorage; nothing can be set on it."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class _Rebuild:
    """Stands for torch's functions that make a tensor or a parameter of their arguments."""

    __slots__ = ()

    def __call__(self, what: Any, *arguments: Any) -> _View:
        """A tensor of storage, offset, size, stride and more; or a parameter of a tensor and more."""
        if isinstance(what, _View):
            return what
        offset, size, stride = arguments[:3]
        numbers = (offset, *size, *stride)
        if not isinstance(what, _Storage) or not all(isinstance(number, int) and number >= 0 for number in numbers):
            raise pickle.UnpicklingError("a tensor without a storage, or with a size below 0")
        return _View(what, offset, tuple(size), tuple(stride))


class _Refused(Exception):
    """The pickle asks for something that no dictionary of tensors needs."""


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in (_REBUILD, "_rebuild_parameter"):
            return _Rebuild()
        if module == "torch" and name in _STORED:
            return _StorageType(_STORED[name])
        raise _Refused(f"{module}.{name}")

    def persistent_load(self, identity: Any) -> _Storage:
        what, kind, key, _, count = identity[:5]
        if what != "storage" or not isinstance(kind, _StorageType):
            raise pickle.UnpicklingError("a reference to something that is no storage")
        if not isinstance(key, str) or not isinstance(count, int) or (len(identity) > 5 and identity[5] is not None):
            raise pickle.UnpicklingError("a storage without a plain name and length")
        return _Storage(kind.dtype, key, count)


def read_torch_file(data: bytes, path: str) -> dict[str, np.ndarray]:
    """The tensors of a state dictionary, by name.

    Args:
      data: the file's bytes.
      path: what to call it in an error.

    Returns:
      Arrays of the dtypes in the file; bfloat16 is widened to float32, which loses nothing.

    Raises:
      InputError: when the file is cut short, no such file, holds anything besides tensors, or tensors of another dtype
        than float32, float16 or bfloat16 (and whole numbers, for buffers).
    """
    with _one_sentence(path):
        views, values = _from_zip(data) if data.startswith(ZIP) else _from_legacy(data)
        if not isinstance(views, dict) or not all(isinstance(name, str) for name in views):
            raise pickle.UnpicklingError("no dictionary by name")
        if isinstance(views.get("state_dict"), dict):  # as training loops save it, among other things
            views = views["state_dict"]
        if strange := [name for name, view in views.items() if not isinstance(view, _View)]:
            raise InputError(f"{path} holds {strange[0]!r}, which is no tensor; give a file of weights alone.")
        return {name: _array(view, values) for name, view in views.items()}


@contextlib.contextmanager
def _one_sentence(path: str) -> Iterator[None]:
    """Unpickling what is broken, or meant to break things, fails in many ways; all of them are one to a user."""
    try:
        yield
    except InputError:
        raise
    except _Refused as refused:
        raise InputError(
            f"{path} asks to run {refused}, which no file of float32, float16 or bfloat16 weights needs, so it was "
            "not read; save the weights again as safetensors."
        ) from None
    except Exception:
        raise InputError(f"{path} is no whole file of PyTorch weights; copy it again.") from None


def _from_zip(data: bytes) -> tuple[Any, Callable[[_Storage], bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
    folder = pickled.removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
        raise pickle.UnpicklingError("values in another byte order")
    views = _TensorUnpickler(io.BytesIO(archive.read(pickled))).load()
    # Nothing is compressed, and so no archive can hold more than its own size.
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
        raise pickle.UnpicklingError("compressed entries")
    return views, lambda storage: archive.read(f"{folder}data/{storage.key}")


def _from_legacy(data: bytes) -> tuple[Any, Callable[[_Storage], bytes]]:
    file = io.BytesIO(data)

    def load() -> Any:
        return _TensorUnpickler(file).load()

    if load() != LEGACY_MAGIC or load() != LEGACY_VERSION or not load()["little_endian"]:
        raise pickle.UnpicklingError("another format")
    unpickler = _LegacyUnpickler(file)
    views, keys = unpickler.load(), load()
    found = {}
    for key in keys:
        (count,) = struct.unpack("<Q", file.read(8))
        length = count * unpickler.widths[key]
        found[key] = file.read(min(length, len(data)))
        if len(found[key]) != length:
            raise pickle.UnpicklingError("values cut short")
    return views, lambda storage: found[storage.key]


class _LegacyUnpickler(_TensorUnpickler):
    """Notes how wide each storage's values are, as the values come later in the file without a word on it."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.widths: dict[str, int] = {}

    def persistent_load(self, identity: Any) -> _Storage:
        storage = super().persistent_load(identity)
        self.widths[storage.key] = _width(storage.dtype)
        return storage


def _width(dtype: str) -> int:
    return 2 if dtype == _BFLOAT16 else np.dtype(dtype).itemsize


def _array(view: _View, values: Callable[[_Storage], bytes]) -> np.ndarray:
    """The tensor's values, copied out of its storage, which others may share."""
    flat = np.frombuffer(values(view.storage), "<u2" if view.storage.dtype == _BFLOAT16 else view.storage.dtype)
    count = int(np.prod(view.size, dtype=object))
    last = view.offset + sum((size - 1) * stride for size, stride in zip(view.size, view.stride, strict=True))
    if flat.size != view.storage.length or (count and last >= flat.size) or count > flat.size:
        raise pickle.UnpicklingError("a tensor beyond its values")
    if view.storage.dtype == _BFLOAT16:
        flat = (flat.astype("<u4") << 16).view("<f4")
    strides = tuple(stride * flat.itemsize for stride in view.stride)
    part = flat[view.offset :] if count else flat[:0]
    return np.lib.stride_tricks.as_strided(part, view.size, strides, writeable=False).copy()
