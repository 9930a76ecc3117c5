# From a bare machine (python3 >= 3.11, make, gcc): `make run` starts the devnet, `make test` runs
# the whole suite. Both make the environment first; afterwards that step takes no time.

PYTHON ?= python3
ARGS ?=
APE_ARGS ?=
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/core.stamp
DEV := $(VENV)/dev.stamp
PEERS := $(VENV)/peers.stamp
ENGINES := .engines
ORACLE := .oracle
UNISWAP := .uniswap
SOLIDITY := .solidity
SYMBOLIC := .symbolic
VENOM := .venom
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
LOCK := $(UV) pip compile --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --prerelease if-necessary --quiet
LOCK_OURS := $(LOCK) pyproject.toml --extra ai --extra node --extra bluetooth --extra bridge \
	--group build --constraint requirements/constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-python test-contracts lint bench demo campaign chaos oracle \
	campaign-engine campaign-oracle symbolic invariants foundry venom lock clean

help:
	@echo 'make run        start a local Pars chain; options: make run ARGS="--port 8600"'
	@echo 'make test       run the whole test suite'
	@echo 'make test-python     all of it but the DAO;  options: ARGS="-k poseidon"'
	@echo 'make test-contracts  the DAO, under Ape;      options: APE_ARGS="-k safe"'
	@echo 'make lint       check format, style and types'
	@echo 'make bench      measure gas and speed beside the peers; prints tables (25 minutes; npm)'
	@echo 'make campaign   the long tests, drawn afresh (20 minutes)'
	@echo 'make chaos      1,000 days of 20 nodes with faults and liars; goes on where it was stopped (hours)'
	@echo 'make campaign-engine  drawn cases on both engines, each instruction compared (10 minutes)'
	@echo 'make campaign-oracle  drawn cases on the engine and the executable specification (10 minutes)'
	@echo 'make symbolic   rules of the contracts, for all values (a minute; npm)'
	@echo 'make invariants random campaigns on the contracts (a minute; npm)'
	@echo 'make venom      the DAO once more, on the code of another compiler (20 minutes)'
	@echo 'make demo       a decision of the DAO, step by step'
	@echo 'make setup      only make .venv from the locked dependencies'
	@echo 'make lock       resolve the dependencies anew (needs uv)'
	@echo 'make clean      delete .venv and every cache'
	@echo 'Another interpreter: make PYTHON=python3.12 ...'

setup: $(CORE)
	@echo '$(VENV) is ready'

run: $(CORE)
	@$(BIN)/pars chain run $(ARGS)

test: test-python test-contracts

test-python: $(DEV)
	@$(BIN)/python -m pytest $(ARGS)

# Ape finds the compiler on the path.
test-contracts: export PATH := $(CURDIR)/$(BIN):$(PATH)
test-contracts: $(DEV)
	@if test -x $(BIN)/ape; then $(BIN)/ape test tests/dao $(APE_ARGS); \
	else echo 'The contracts are not tested: Ape is not offered for this Python.'; fi

demo: $(CORE)
	@$(BIN)/pars demo dao $(ARGS)

lint: $(DEV)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: export UNISWAP := $(CURDIR)/$(UNISWAP)/node_modules/@uniswap
bench: export OPENZEPPELIN := $(CURDIR)/$(SOLIDITY)/node_modules
bench: export GOVERNORS := $(CURDIR)/$(SOLIDITY)/contracts.json
bench: $(PEERS) $(ENGINES)/stamp $(UNISWAP)/stamp $(SOLIDITY)/stamp
	@$(BIN)/python -m benchmarks.gas
	@$(BIN)/python -m benchmarks.precompiles
	@$(BIN)/python -m benchmarks.builtins
	@$(BIN)/python -m benchmarks.ai
	@$(BIN)/python -m benchmarks.dex
	@$(BIN)/python -m benchmarks.escrow
	@$(BIN)/python -m benchmarks.governance
	@$(BIN)/python -m benchmarks.ape
	@$(BIN)/python -m benchmarks.link
	@$(BIN)/python -m benchmarks.vault
	@$(BIN)/python -m benchmarks.swarm
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.ratchet
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.groups
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.onion
	@$(BIN)/python -m benchmarks.sync
	@$(BIN)/python -m benchmarks.crdt
	@$(BIN)/python -m benchmarks.meeting
	@$(BIN)/python -m benchmarks.light
	@$(BIN)/python -m benchmarks.simulation
	@$(BIN)/python -m benchmarks.mesh_store
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.dht
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.gossip
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.transports
	@$(BIN)/python -m benchmarks.bridge
	@$(BIN)/python -m benchmarks.daemon
	@PEERS_PYTHON=$(ENGINES)/bin/python $(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.chain $(ARGS)

campaign: $(DEV)
	@$(BIN)/python -m pytest -m campaign $(ARGS)

# Finished seeds are in chaos.state; a failure prints the command that replays it.
chaos: $(DEV)
	@$(BIN)/python -m node.simulation.chaos --seeds 1000 --hours 24 --nodes 20 --state chaos.state $(ARGS)

# Seeds are printed; a case that differs is written to differences/, as a state test.
campaign-engine: $(DEV)
	@$(BIN)/python -m chain.differential --engines py,core --steps --seconds 600 \
		--forks Berlin,London,Paris,Shanghai,Cancun,Prague,Osaka $(ARGS)

campaign-oracle: $(DEV) $(ORACLE)/stamp
	@$(BIN)/python -m chain.differential --engines core,eels --steps --seconds 600 \
		--forks Prague,Osaka $(ARGS)

oracle: $(ORACLE)/stamp

# What their authors compiled. Its licence keeps it out of this repository.
$(UNISWAP)/stamp: tests/chain/uniswap/package.json
	@mkdir -p $(UNISWAP) && cp $< $(UNISWAP)
	@cd $(UNISWAP) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel error
	@touch $@

# Peers of our contracts, and the compiler for them.
$(SOLIDITY)/stamp: $(wildcard benchmarks/governors/*)
	@mkdir -p $(SOLIDITY) && cp $^ $(SOLIDITY)
	@cd $(SOLIDITY) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel error
	@cd $(SOLIDITY) && node compile.mjs OpenZeppelin.sol > contracts.json
	@touch $@

# forge and halmos work in a copy of the tests: forge compiles whatever lies beside them.
symbolic invariants foundry: export FOUNDRY_SOLC := $(CURDIR)/$(SYMBOLIC)/solc.mjs
symbolic invariants foundry: export PATH := $(CURDIR)/$(SYMBOLIC)/node_modules/.bin:$(CURDIR)/$(SYMBOLIC)/bin:$(CURDIR)/$(BIN):$(PATH)
symbolic: foundry
	@cd $(SYMBOLIC) && bash -o pipefail -c "halmos --root . --config halmos.toml $(ARGS) \
		| grep -v -e '^         [0-9a-fx]*' -e 'unknown deployed'"

invariants: foundry
	@cd $(SYMBOLIC) && forge test --offline --match-path 'invariants/*' $(ARGS)

foundry: $(DEV) $(SYMBOLIC)/packages
	@cp -r tests/foundry/. $(SYMBOLIC)
	@$(BIN)/python tests/foundry/compile.py contracts $(SYMBOLIC)/Bytecode.sol

$(SYMBOLIC)/packages: tests/foundry/package.json $(SYMBOLIC)/stamp
	@cp $< $(SYMBOLIC)
	@cd $(SYMBOLIC) && npm install --no-audit --no-fund --no-package-lock --loglevel error
	@touch $@

# A copy of the project: what Ape has compiled is remembered by source, not by compiler.
venom: export VENOM_VYPER := $(CURDIR)/$(VENOM)/bin/vyper
venom: export PATH := $(CURDIR)/tests/venom:$(CURDIR)/$(BIN):$(PATH)
venom: $(DEV) $(VENOM)/stamp
	@rm -rf $(VENOM)/project && mkdir -p $(VENOM)/project
	@cp -r contracts chain precompiles ape_pars tests ape-config.yaml pyproject.toml $(VENOM)/project
	@cd $(VENOM)/project && PYTHONPATH=. ape test tests/dao --ignore tests/dao/test_artifacts.py $(APE_ARGS)

# Environments of their own: what is in them contradicts ours.
$(ENGINES)/stamp $(ORACLE)/stamp $(SYMBOLIC)/stamp $(VENOM)/stamp: %/stamp: | $(BIN)/pip
	@test -x $*/bin/python || $(PYTHON) -m venv $*
	@$*/bin/python -m pip install --disable-pip-version-check --require-hashes \
		-r requirements/$(patsubst .%,%,$*).lock
	@touch $@

# The peers are for Linux only: on Windows their requirements contradict web3's.
lock:
	$(LOCK) --group engines --output-file requirements/engines.lock
	$(LOCK) --universal --group oracle --output-file requirements/oracle.lock
	$(LOCK) --group symbolic --output-file requirements/symbolic.lock
	$(LOCK) --group venom --output-file requirements/venom.lock
	$(LOCK_OURS) --universal --output-file requirements/core.lock
	$(LOCK_OURS) --universal --extra ape --group dev --constraint requirements/core.lock \
		--output-file requirements/dev.lock
	$(LOCK_OURS) --python-platform x86_64-manylinux_2_35 --extra ape --group dev --group bench \
		--constraint requirements/dev.lock --output-file requirements/bench.lock

clean:
	rm -rf $(VENV) $(ENGINES) $(ORACLE) $(UNISWAP) $(SOLIDITY) $(SYMBOLIC) $(VENOM) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name node_modules -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is the last thing venv writes: an interrupted environment is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo 'Pars needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one of them.' >&2; \
		echo 'Install one and name it: make PYTHON=python3.12 run' >&2; exit 1; }
	@echo 'Making $(VENV) (once; about a minute)'
	@$(PYTHON) -m venv --clear $(VENV)

$(CORE): requirements/core.lock pyproject.toml | $(BIN)/pip
	@$(PIP_INSTALL) --require-hashes -r requirements/core.lock
	@$(PIP_INSTALL) --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/pars chain warm
	@touch $@

$(DEV): requirements/dev.lock ape_pars/pyproject.toml $(CORE)
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@if test -x $(BIN)/ape; then \
		$(PIP_INSTALL) --quiet --no-deps --no-build-isolation -e ape_pars; fi
	@touch $@

$(PEERS): requirements/bench.lock $(DEV)
	@$(PIP_INSTALL) --require-hashes -r requirements/bench.lock
	@touch $@
