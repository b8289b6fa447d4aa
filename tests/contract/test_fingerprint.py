import subprocess
import sys

import pytest

from model.contract import fingerprint as module
from model.contract.fingerprint import fingerprint, source_hash

BASE = {"stage": "clean", "settings": {"a": 1, "b": 2}, "sources": "s", "inputs": {"read": "f"}}


def test_a_fingerprint_does_not_depend_on_the_order_of_settings():
    assert fingerprint(**BASE) == fingerprint(**(BASE | {"settings": {"b": 2, "a": 1}}))


@pytest.mark.parametrize(
    "other",
    [{"stage": "dedupe"}, {"settings": {"a": 1, "b": 3}}, {"sources": "t"}, {"inputs": {"read": "g"}}],
)
def test_each_part_of_the_identity_changes_the_fingerprint(other):
    assert fingerprint(**BASE) != fingerprint(**(BASE | other))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module that imports another, and a third that neither imports."""
    folder = tmp_path / "pretend"
    folder.mkdir()
    for name, text in {
        "__init__": "",
        "outer": "def work():\n    from pretend.inner import value\n    return value\n",
        "inner": "value = 1\n",
        "apart": "value = 2\n",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "OUR_PACKAGES", ("pretend",))
    return folder


def hash_now():
    source_hash.cache_clear()
    return source_hash("pretend.outer")


def test_a_changed_module_that_the_stage_imports_changes_its_source_hash(package):
    before = hash_now()

    (package / "inner.py").write_text("value = 3\n")

    assert hash_now() != before


def test_a_changed_module_that_the_stage_does_not_import_leaves_its_source_hash(package):
    before = hash_now()

    (package / "apart.py").write_text("value = 3\n")

    assert hash_now() == before


def test_a_source_hash_reaches_our_own_modules_without_importing_them():

    code = (
        "import sys; from model.contract.fingerprint import source_hash; source_hash('beam_jobs.tokenize_docs'); "
        "sys.exit(any(name in sys.modules for name in ('apache_beam', 'tensorflow')))"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
