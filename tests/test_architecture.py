"""Who may import whom: every import statement in the tree is looked at, wherever in its file it stands."""

from pathlib import Path

import pytest

from model.contract.fingerprint import OUR_PACKAGES, imported_modules

PROJECT = Path(__file__).parents[1]
ALLOWED = {
    "flows": {"flows", "beam_jobs", "model"},
    "beam_jobs": {"beam_jobs", "model.contract"},
    "model": {"model"},
}
# Who alone may import a framework, by the beginning of the module's name.
OWNERS = {
    "prefect": ("flows",),
    "apache_beam": ("beam_jobs",),
    "tensorflow": ("model", "beam_jobs.wordpiece"),
    "tensorflow_text": ("beam_jobs.wordpiece", "model.serving"),
    "torch": (),
    "jax": ("model.tpu_check.compile_for_tpu",),
    "libtpu": ("model.tpu_check.compile_for_tpu",),
}
NEITHER_TENSORFLOW_NOR_BEAM = [
    "model.contract",
    "model.attention_plan",
    "model.training_curve",
    "model.example_fields",
    "model.find_record",
    "model.record_files",
    "model.record_view",
    "model.verify_records",
    *(f"model.weights.{name}" for name in ("architectures", "positions", "safetensors_file", "torch_file")),
    "beam_jobs.korean_text",
    "beam_jobs.cleaning",
    "beam_jobs.tally",
    *(f"beam_jobs.dedupe.{name}" for name in ("bands", "clusters", "minhash", "nodes", "stars")),
    "beam_jobs.decontamination",
    "beam_jobs.best_fit",
    "beam_jobs.mixture",
    "beam_jobs.packing",
    *(f"beam_jobs.vocabularies.{name}" for name in ("alphabet", "given", "sample", "training", "words")),
    "beam_jobs.packing_cuts",
    "beam_jobs.record_example",
    "beam_jobs.config",
    "beam_jobs.files",
    "beam_jobs.sources.news",
    "beam_jobs.sources.nikl.nikl_masks",
    "beam_jobs.sources.wiki.wikitext",
]


def modules():
    for package in OUR_PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def within(module, names):
    return any(module == name or module.startswith(f"{name}.") for name in names)


ALL = list(modules())


def test_the_tree_is_seen():
    assert {name.split(".")[0] for name, _ in ALL} == set(OUR_PACKAGES)
    assert len(ALL) > 60


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_a_module_imports_only_what_its_package_may(name, path):
    package = name.split(".")[0]
    ours = {module for module in imported_modules(path) if module.split(".")[0] in OUR_PACKAGES}

    # `from model import contract` also names plain `model`, the way to it.
    ways = {".".join(allowed.split(".")[:-1]) for allowed in ALLOWED[package]}
    strangers = {module for module in ours if not within(module, ALLOWED[package]) and module not in ways}
    assert not strangers


FILES_MAY = ("beam_jobs.files", "beam_jobs.config", "model.contract")
FAMILY_MAY = ("beam_jobs.files", "beam_jobs.config", "beam_jobs.document", "model.contract")
SHARED_BY_FAMILIES = tuple(f"beam_jobs.sources.{name}" for name in ("outcome", "selection", "dates"))


@pytest.mark.parametrize("name", [name for name, _ in ALL if within(name, ["beam_jobs.files"])])
def test_raw_files_know_nothing_of_what_is_in_them(name):
    ours = {module for module in imported_modules(dict(ALL)[name]) if module in dict(ALL)}

    assert not {module for module in ours if not within(module, FILES_MAY)} - {"beam_jobs", "model"}


FAMILIES = sorted(
    {name.split(".")[2] for name, path in ALL if name.count(".") == 3 and name.split(".")[1] == "sources"}
)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_sources_imports_no_other(family):
    own = f"beam_jobs.sources.{family}"
    may = (own, *FAMILY_MAY, *SHARED_BY_FAMILIES)
    found = {(name, module) for name, path in ALL if within(name, [own]) for module in imported_modules(path)}

    ours = {(name, module) for name, module in found if module in dict(ALL) and module.count(".") > 1}
    assert ours
    assert not {pair for pair in ours if not within(pair[1], may)}
    assert len(FAMILIES) >= 6


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_a_framework_is_imported_only_by_its_owners(name, path):
    found = imported_modules(path)

    for framework, owners in OWNERS.items():
        if within(name, owners) and not within(name, ["model.contract"]):
            continue
        assert not {module for module in found if within(module, [framework])}


@pytest.mark.parametrize("name", NEITHER_TENSORFLOW_NOR_BEAM)
def test_a_pure_module_brings_neither_tensorflow_nor_beam_with_it(name):
    by_name = dict(ALL)
    waiting, seen = [module for module in by_name if within(module, [name])], set()
    assert waiting
    while waiting:
        module = waiting.pop()
        if module in seen or module not in by_name:
            continue
        seen.add(module)
        found = imported_modules(by_name[module])
        assert not {other for other in found if within(other, ["tensorflow", "apache_beam"])}, module
        waiting.extend(found)


def test_package_files_are_empty():
    assert not [path for _, path in ALL if path.name == "__init__.py" and path.read_text()]


def test_deployments_call_flows_that_exist():
    import yaml

    named = [
        deployment["entrypoint"] for deployment in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    ]

    assert len(named) >= 4
    for entrypoint in named:
        module, function = entrypoint.rsplit(".", 1)
        assert f"\ndef {function}(" in dict(ALL)[module].read_text()
