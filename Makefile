# Each target sets up .venv by itself, and again only when the pins change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What pip compiled when it installed the package; again where the C changed.
ENGINE := mobile_actnet/native/libactnet.so
INSTALLED := $(READY) $(ENGINE)
# Beside anything else, more threads than cores are slower than one each.
export OMP_NUM_THREADS ?= 2

ARM64 := .arm64

.PHONY: screens export test fuzz docs figures web test-web measure-web web-screens test-android android-assets test-ios ios-assets arm64 lint typecheck bench ranges clean clean-arm64

export: $(INSTALLED)
	$(BIN)/actnet-export --format tflite --overwrite

# Tests of ARM64 and adb need tools that only Debian has; without them they are skipped, and told.
test: $(INSTALLED)
	@$(MAKE) --no-print-directory arm64 || echo "SKIPPED: tests of ARM64 and adb; the reason is above"
	$(BIN)/python -m pytest
	@$(MAKE) --no-print-directory test-web

# The manual, into build/manual/: any warning, such as a link that leads nowhere, is an error.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "the manual: build/manual/index.html (with a search: $(BIN)/mkdocs serve)"

# For maintainers, after a change of the weights or of what pictures show: the manual's pictures and the notebook.
figures: $(INSTALLED)
	$(BIN)/python manual/figures.py
	$(BIN)/python manual/result_tables.py
	$(BIN)/python manual/notebook.py docs/quickstart.ipynb

# make fuzz [CASES=55100] [SEED=2]: damaged files for every reader of foreign bytes, a million in all.
CASES ?= 55100
SEED ?= 2
fuzz: $(INSTALLED)
	ACTNET_FUZZ_CASES=$(CASES) ACTNET_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -q tests/fuzz

# For maintainers, after a change of web_demo/ or of the shared engine: the page that `actnet web` ships. Needs npm;
# clang, lld, wasi-libc and libclang-rt-14-dev-wasm32 for the engine.
web:
	$(PYTHON) app_tools/words.py
	web_demo/tools/packages.sh
	web_demo/tools/engine.sh
	cd web_demo && npm run --silent check && npm run --silent build
	$(PYTHON) web_demo/tools/pack_page.py web_demo/build/page mobile_actnet/web/page

# Without Node, npm or Chromium it is skipped, and told.
test-web: $(INSTALLED)
	web_demo/tools/test.sh $(BIN)/python

# The page's answers and times against Python's, with the shipped weights; ends with 1 where answers differ. A pattern in
# quotes names several folders: make measure-web PICTURES='smvs_dev/*/database' PHOTOS='smvs_dev/*/query' [LIMIT=100]
LIMIT ?= 100
measure-web: $(INSTALLED)
	web_demo/tools/packages.sh
	$(BIN)/python web_demo/tools/measure.py '$(or $(PICTURES),$(error give PICTURES=folder and PHOTOS=folder))' '$(or $(PHOTOS),$(error give PHOTOS=folder))' --limit $(LIMIT) --check

# For maintainers, after a change of the page's looks: docs/screens, of the museum of `make test-web`.
web-screens: $(INSTALLED)
	web_demo/tools/packages.sh
	[ -f web_demo/build/e2e/museum.sqlite ] || $(BIN)/python web_demo/tests/e2e/make_fixture.py web_demo/build/e2e
	$(BIN)/python web_demo/tools/screens.py docs/screens
	$(BIN)/python web_demo/tools/animation.py docs/screens/web.webp

# Needs a Java 17 or newer, npm and apt; the tools go to android_demo/.toolchain, without root.
test-android: $(INSTALLED)
	PYTHONPATH=app_tools $(BIN)/python android_demo/tools/demo_build.py

# Both apps take the same: PHOTOS=shop/ [ITEMS=items.csv] [LABELS=folder] [MODEL=models/mine.tflite].
ASSETS = $(BIN)/python app_tools/assets.py --photos "$(or $(PHOTOS),$(error give the photos of the gallery: make $@ PHOTOS=folder))" $(if $(MODEL),--model $(MODEL)) $(if $(LABELS),--labels $(LABELS)) $(if $(ITEMS),--items $(ITEMS))

# What the app is built with; MODEL may name several.
android-assets: $(INSTALLED)
	$(ASSETS)

# Needs apt, and root or user namespaces; Swift goes to ios_demo/.swift.
test-ios: $(INSTALLED)
	ios_demo/tools/test.sh $(BIN)/python

# For maintainers, after a change of the apps' screens: docs/screens. Needs Chromium and npm.
screens: $(INSTALLED)
	$(BIN)/python app_tools/screens.py --check
	$(BIN)/python app_tools/screens.py docs/screens

# Likewise; models are .mlpackage.
ios-assets: $(INSTALLED)
	$(ASSETS) --format coreml -o ios_demo/App/actnet

# Downloads about 200 MB into a folder of its own; nothing is installed.
arm64: $(ARM64)/.ready

$(ARM64)/.ready: $(addprefix android_demo/native/,setup_arm64.sh actnet_bench.c actnet_engine.c actnet_engine.h actnet_error.h litert_c_api.h count_instructions.c verify_pairs.c actnet_verification.c actnet_verification.h actnet_homography.c actnet_homography.h actnet_matching.c actnet_matching.h actnet_processor.h actnet_exact.h actnet_fail.h extract_features.c actnet_extraction.c actnet_extraction.h actnet_codes.c actnet_codes.h actnet_grey.c actnet_grey.h actnet_planes.c actnet_planes.h actnet_lanes.h actnet_sift.c actnet_sift.h actnet_extrema.c actnet_gradients.c actnet_octave.h actnet_codes_rows.h actnet_extrema_rows.h actnet_gradients_rows.h actnet_planes_rows.h) android_demo/tools/debian.py constraints.txt | $(READY)
	android_demo/native/setup_arm64.sh $(ARM64) $(BIN)/python

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python manual/prose.py

# mobile_actnet/export and mobile_actnet/benchmarks are links, so that editors and mypy find them.
typecheck: $(INSTALLED)
	$(BIN)/mypy -p mobile_actnet
	$(BIN)/basedpyright
	cd android_demo/tools && MYPYPATH=../..:../../app_tools ../../$(BIN)/mypy --config-file ../../pyproject.toml --follow-imports silent .
	cd manual && MYPYPATH=.. ../$(BIN)/mypy --config-file ../pyproject.toml --follow-imports silent .
	cd ios_demo/tools && MYPYPATH=../.. ../../$(BIN)/mypy --config-file ../../pyproject.toml --follow-imports silent .
	cd app_tools && MYPYPATH=.. ../$(BIN)/mypy --config-file ../pyproject.toml --follow-imports silent .

bench: $(INSTALLED)
	$(BIN)/actnet-bench

# For maintainers, after a change of the weights: make ranges PHOTOS="clothing grocery pictures".
ranges: $(INSTALLED)
	$(BIN)/actnet quantize ranges $(PHOTOS)

clean-arm64:
	rm -rf $(ARM64)

clean: clean-arm64
	rm -rf $(VENV) android_demo/.toolchain android_demo/build web_demo/node_modules web_demo/public/engine web_demo/build ios_demo/.swift ios_demo/.build build artefacts $(ENGINE) *.egg-info .pytest_cache .mypy_cache .ruff_cache

# torch first and alone: another package must not choose a newer one with its gigabytes of CUDA.
$(READY): setup.cfg pyproject.toml build_backend.py constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; run: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV): torch is downloaded first, then the other packages. This takes some minutes and prints nothing."
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

$(ENGINE): $(wildcard android_demo/native/*.[ch]) build_backend.py | $(READY)
	$(BIN)/python build_backend.py
