# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export PREFECT_SERVER_ANALYTICS_ENABLED ?= false
export DO_NOT_TRACK ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help setup demo stop test lint types bench lock clean
help:  ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

setup: $(READY)  ## Virtual environment in .venv with everything that demo and test need

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else f"Python {sys.version.split()[0]} does not fit; make PYTHON=python3.11 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,tpu-check]'
	touch $(READY)

demo: $(READY)  ## Raw text to a scored model by `prefect deployment run pretrain/full`, on the sample
	$(BIN)/kobigbird demo

stop:  ## Stops the Prefect server that the demo leaves running
	$(BIN)/kobigbird stop

test: $(READY) lint types  ## Lint, types and tests
	$(BIN)/python -m pytest

lint: $(READY)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy, strict on our packages
	$(BIN)/mypy

bench: $(READY)  ## Measurements, each a table and a line of JSON
	$(BIN)/python -m benchmarks.tokenizing
	$(BIN)/python -m benchmarks.records
	$(BIN)/python -m benchmarks.input_pipeline
	$(BIN)/python -m benchmarks.model
	$(BIN)/python -m benchmarks.evaluation_plan
	$(BIN)/python -m benchmarks.corpus_pipeline
	$(BIN)/python -m benchmarks.sources
	$(BIN)/python -m benchmarks.reading_memory
	$(BIN)/python -m benchmarks.personal_data
	$(BIN)/python -m benchmarks.sentences
	$(BIN)/python -m benchmarks.dedupe
	$(BIN)/python -m benchmarks.decontamination

lock: $(READY)  ## Writes constraints.txt anew from pyproject.toml
	$(PYTHON) infra/lock.py

clean:  ## Removes what runs made; keeps .venv
	rm -rf build
