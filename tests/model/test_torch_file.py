import collections
import io
import os
import pickle

import numpy as np
import pytest
import torch

from model.contract.errors import InputError
from model.weights.torch_file import read_torch_file

FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def written(what, zipped):
    file = io.BytesIO()
    torch.save(what, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def tensors():
    torch.manual_seed(0)
    whole = torch.randn(4, 6)
    return collections.OrderedDict(
        whole=whole,
        tied=whole,  # shares its storage
        turned=whole.T,
        part=whole[1:3, 2:],
        empty=torch.zeros(0, 3),
        one=torch.tensor(3.5),
        half=torch.randn(5).half(),
        short=torch.randn(7).bfloat16(),
        position_ids=torch.arange(9).reshape(1, 9),
        parameter=torch.nn.Parameter(torch.randn(2, 2)),
    )


@FORMS
def test_every_tensor_comes_back_bit_for_bit(zipped):
    expected = tensors()

    found = read_torch_file(written(expected, zipped), "model.bin")

    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        wanted = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor.detach()).numpy()
        assert found[name].dtype == wanted.dtype
        assert found[name].tobytes() == wanted.tobytes()
        assert found[name].shape == wanted.shape


@FORMS
def test_the_attributes_of_a_state_dictionary_and_a_training_loops_wrapping_do_no_harm(zipped):
    layer = torch.nn.Linear(2, 3)

    found = read_torch_file(written({"epoch": 3, "state_dict": layer.state_dict()}, zipped), "model.bin")

    np.testing.assert_array_equal(found["weight"], layer.weight.detach())


@FORMS
def test_a_file_cut_anywhere_is_refused_in_one_sentence(zipped):
    data = written(tensors(), zipped)

    for end in range(0, len(data) - 1, 97):
        with pytest.raises(InputError, match=r"^model.bin is no whole file of PyTorch weights; copy it again\.$"):
            read_torch_file(data[:end], "model.bin")


class Command:
    def __reduce__(self):
        return os.system, ("touch run",)


class Deep:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('run').touch()",)


@FORMS
@pytest.mark.parametrize("evil", [Command(), Deep(), {"a": [Command()]}])
def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path, monkeypatch, evil, zipped):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match=r"model.bin asks to run .*(system|eval), .* so it was not read"):
        read_torch_file(written({"weight": evil}, zipped), "model.bin")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("named", ["numpy.core.multiarray\nscalar", "torch._utils\n_rebuild_v3", "builtins\neval"])
def test_a_bare_pickle_that_names_anything_else_is_refused(named):
    with pytest.raises(InputError, match=r"asks to run"):
        read_torch_file(f"c{named}\n.".encode(), "model.bin")


@FORMS
@pytest.mark.parametrize("kind", [torch.float64, torch.int8, torch.complex64])
def test_other_dtypes_are_refused(zipped, kind):
    with pytest.raises(InputError, match=r"asks to run torch\.\w+Storage, which no file of float32, float16"):
        read_torch_file(written({"weight": torch.zeros(2, dtype=kind)}, zipped), "model.bin")


@FORMS
@pytest.mark.parametrize("what", [[torch.zeros(2)], {"weight": 3}, {"weight": {"deeper": torch.zeros(2)}}, {3: 4}, 7])
def test_what_is_no_dictionary_of_tensors_is_refused(zipped, what):
    with pytest.raises(InputError, match=r"model.bin (holds|is no whole file)"):
        read_torch_file(written(what, zipped), "model.bin")


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [(0, (7,), (1,)), (5, (2,), (1,)), (0, (1 << 40,), (0,)), (0, (-1,), (1,)), (0, (2,), (-1,)), (0, (2, 2), (4, 4))],
)
def test_a_tensor_beyond_its_storage_is_refused(offset, size, stride):
    class Fake:
        def __reduce__(self):
            storage = torch.zeros(6).untyped_storage()
            return torch._utils._rebuild_tensor_v2, (
                torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32, _internal=True),
                offset,
                size,
                stride,
                False,
                collections.OrderedDict(),
            )

    with pytest.raises(InputError, match=r"is no whole file of PyTorch weights"):
        read_torch_file(written({"weight": Fake()}, True), "model.bin")


@pytest.mark.parametrize("data", [b"", b"\x00" * 40, b"PK\x03\x04nonsense", pickle.dumps({"a": 1}), b"{}"])
def test_what_is_no_such_file_is_refused(data):
    with pytest.raises(InputError, match=r"^model.bin is no whole file"):
        read_torch_file(data, "model.bin")
