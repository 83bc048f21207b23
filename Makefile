# Every target installs what it needs, from a lock file with hashes. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARTICLE ?= examples/article.txt
DEMO    ?= build/demo
# Handed on through the environment and unexpanded: a web address is full of what a shell or make would act on.
unexport ARTICLE
export ARTICLE_AS_TYPED := $(value ARTICLE)

.DEFAULT_GOAL := help
.PHONY: help save demo test table check fmt lock bench interop crash nights faults corpus flips growth replay clean

help:            ## what there is
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# What it takes to run: the locked packages, and the project itself (editable, built without leaving the lock).
$(VENV)/.run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

save: $(VENV)/.run  ## archive one article: make save ARTICLE=https://… (or a file)
	@$(BIN)/archiver save -- "$$ARTICLE_AS_TYPED" || { code=$$?; test $$code -eq 1 -o $$code -eq 69 || exit $$code; \
	  echo "Some finds wait for another try (archiver's exit code was $$code): run it again later."; }

demo: $(VENV)/.dev  ## the same program against a miniature web on loopback; leaves build/demo (DEMO=…) to look at
	$(BIN)/python -m tests.loopback.demo "$(DEMO)"

test: $(VENV)/.dev  ## every test
	$(BIN)/python -m pytest -n 3

check: $(VENV)/.dev  ## format, lint, types, who may import whom, tests: all that CI asks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 3

table: $(VENV)/.dev ## docs/sources.md: what is recorded for each scenario, by the reading itself
	$(BIN)/python -m tests.loopback.table

fmt: $(VENV)/.dev   ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

crash: $(VENV)/.dev ## kill -9 at random moments of `save`, 60 rounds
	$(BIN)/python -m tests.crash_loop --rounds 60

faults: $(VENV)/.dev ## every write, sync, link and unlink of a `save` goes wrong, in every way (wants gcc and strace)
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.purge

nights: $(VENV)/.dev ## a month of nights, each killed, stopped, met by another, or out of room (shim and tmpfs): the same end (wants gcc)
	$(BIN)/python -m tests.night_loop

bench: $(VENV)/.dev ## speed and memory beside wget, as ratios
	$(BIN)/python -m bench.save
	$(BIN)/python -m bench.find
	$(BIN)/python -m bench.night
	$(BIN)/python -m bench.verify
	$(BIN)/python -m bench.pack

# In a venv of their own. Without brotli: warcio 1.8.1 sets an attribute that the decoder of brotli 1.2 does not have.
build/interop/.there:
	$(PYTHON) -m venv build/interop
	build/interop/bin/python -m pip install --quiet --disable-pip-version-check warcat==2.2.5 FastWARC==2.0.1 \
	  warcio==1.8.1 cdxj-indexer==1.5.0 wacz==0.6.0
	build/interop/bin/python -m pip uninstall --quiet --yes brotli
	touch $@

interop: $(VENV)/.dev build/interop/.there  ## other tools read an archive of ours: gzip, warcio, FastWARC, warcat, cdxj-indexer, wacz
	$(BIN)/python -m tests.interop build/interop

lock: $(VENV)/.dev  ## renew both lock files
	printf 'flit_core>=3.9,<4\n' | $(BIN)/uv pip compile pyproject.toml - --extra fast --extra pack --universal --python-version 3.11 --generate-hashes --quiet -o requirements.lock
	printf 'flit_core>=3.9,<4\nuv\n' | $(BIN)/uv pip compile pyproject.toml - --extra fast --extra pack --extra parquet --group dev --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --quiet -o requirements-dev.lock

corpus: $(VENV)/.dev ## recall and precision of find over labelled articles (../shared/corpus)
	$(BIN)/python -m bench.corpus --check

flips: $(VENV)/.dev ## a bit flipped in every byte of a small archive's catalog is caught by verify (minutes)
	$(BIN)/python -m tests.flips

growth: $(VENV)/.dev ## time of find over hostile pages up to 8 MB: twice the page, at most 2.5 times the time (minutes)
	$(BIN)/python -m tests.growth

replay: $(VENV)/.dev ## the archive in pywb and ReplayWeb.page, in headless Chromium; screenshots in build/replay
	$(BIN)/python -m tests.replay build/replay

clean:           ## remove what was built; the archive stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
