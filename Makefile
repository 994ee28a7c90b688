# Each target sets up .venv by itself, and again only when the pins change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Beside anything else, more threads than cores are slower than one each.
export OMP_NUM_THREADS ?= 2

.PHONY: export test test-android lint typecheck bench clean

export: $(READY)
	$(BIN)/actnet-export --format tflite --overwrite

test: $(READY)
	$(BIN)/python -m pytest

# Needs a Java 17 or newer, npm and apt; the tools go to android_demo/.toolchain, without root.
test-android: $(READY)
	$(BIN)/python android_demo/tools/build.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy needs the packages where they will be installed: it cannot follow package_dir.
typecheck: $(READY)
	rm -rf build
	$(BIN)/python -c "from setuptools import setup; setup()" --quiet build
	cd build/lib && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p mobile_actnet
	cd android_demo/tools && MYPYPATH=../../build/lib ../../$(BIN)/mypy --config-file ../../pyproject.toml --follow-imports silent .

bench: $(READY)
	$(BIN)/actnet-bench

clean:
	rm -rf $(VENV) android_demo/.toolchain android_demo/build build artefacts *.egg-info .pytest_cache .mypy_cache .ruff_cache

# torch first and alone: another package must not choose a newer one with its gigabytes of CUDA.
$(READY): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; run: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
