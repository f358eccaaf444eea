# make up · test · check · bench · phone  (everything installs itself into .venv first)
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup up test check bench phone faults lock clean

setup: .venv/.installed

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Nyota needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

PEER := tests/gateway/smpp/peer

.venv/.installed-peer: .venv/.installed-dev $(PEER)/package-lock.json
	@command -v npm >/dev/null || { echo "no npm: links are not tried against a centre of another hand"; exit 0; }; \
		npm ci --prefix $(PEER) --no-audit --no-fund --ignore-scripts --silent
	@touch $@

up: setup
	$(BIN)/nyota up

phone: setup
	$(BIN)/nyota phone

test: .venv/.installed-dev .venv/.installed-peer
	$(BIN)/python -m pytest -n auto

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nyota check

bench: setup
	$(BIN)/nyota bench

faults: .venv/.installed-dev
	$(BIN)/nyota campaign --seconds 20
	$(BIN)/python -m tests.faults.campaign 20
	$(BIN)/nyota simulate --days 40 --seed 11

lock: .venv/.installed-dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group build -c requirements-dev.txt -o requirements.txt pyproject.toml

clean:
	rm -rf .venv $(PEER)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
