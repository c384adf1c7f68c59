# textmill: `make pipeline` sets everything up and runs the whole pipeline on sample_corpus/;
# `make test` sets everything up and runs every test. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
CARGO ?= cargo
CONFIG ?= pipeline.toml
ARGS ?=
# Data for `make quality` and pages for `make bench`.
SHARED ?= ../shared
PAGES ?= sample_corpus
# Texts for the tokenizer's benchmark, a folder a kind (bench/texts.py); empty: those of PAGES and our sources.
TEXTS ?=
PEERS := .venv-peers
# For the trainer's benchmark: PyTorch's script, and Tiny Shakespeare, where SHARED has them.
TRAINING = $(addprefix --torch-peer ,$(wildcard $(SHARED)/peers/train_torch.py)) $(addprefix --characters ,$(wildcard $(SHARED)/data/tinyshakespeare/input.txt))
# What `make uses` works with, and where its folders go.
MODEL ?= runs/sample/train/best
USES := runs/uses
TASKS := sample_corpus/tasks
# A dump of a wiki to read beside wikiextractor, where SHARED has it.
WIKI = $(addprefix --wiki ,$(wildcard $(SHARED)/data/wikidump/ltgwiki-pages-articles.xml.bz2))
# What `make bench-scale` runs with.
DOCUMENTS ?= 20000000
MEMORY ?= 2GiB
# Time of `make fuzz` for each of its targets.
SECONDS ?= 60
# Which of them; empty: all.
TARGETS ?=
FUZZ := stages/extract/fuzz stages/collect/fuzz

# These would silently replace what .cargo/config.toml says about libtorch.
unexport RUSTFLAGS CARGO_ENCODED_RUSTFLAGS LIBTORCH LIBTORCH_USE_PYTORCH

# libtorch and tch (Cargo.toml) are pinned as a pair. The CPU set is three wheels without their
# dependencies; CUDA=1 installs the full set.
TORCH_VERSION := $(shell cat model/libtorch-version.txt)
TORCH := torch==$(TORCH_VERSION)
CPU_SET := --no-deps $(TORCH) nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
LIBTORCH_DIR := .libtorch
# Once set up with CUDA, a folder stays so.
CUDA ?= $(if $(wildcard $(LIBTORCH_DIR)/.installed-$(TORCH_VERSION)-cuda1),1,0)
LIBTORCH_STAMP := $(LIBTORCH_DIR)/.installed-$(TORCH_VERSION)-cuda$(CUDA)
TEXTMILL := target/release/textmill
STAGES := collect extract filter dedupe normalize tokenize train evaluate
SOURCES := $(shell find storage schemas words packing privacy stages model uses pipeline -name '*.rs' -o -name '*.cpp' -o -name Cargo.toml -o -path '*/data/*' -type f -o -path '*/assets/*' -type f 2>/dev/null) model/libtorch-version.txt Cargo.toml Cargo.lock

.PHONY: help setup build pipeline $(STAGES) inspect summary doctor rust-docs uses test test-browser test-programs test-cluster test-hosts quality bench bench-scale bench-cluster bench-gpu fuzz lint clean distclean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "collect … evaluate"$$'\n'"              one stage, and what it needs: $(STAGES)"

setup: $(LIBTORCH_STAMP) ## install libtorch into .libtorch (CUDA=1: with CUDA)

# A virtual environment, so that pip neither needs nor touches the system's Python.
.venv/bin/pip:
	@$(PYTHON) -m venv .venv || { echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(LIBTORCH_STAMP): .venv/bin/pip
	@rm -rf $(LIBTORCH_DIR)
	@echo "Installing libtorch (about 550 MB to download; CUDA=1: 2.7 GB) ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --target $(LIBTORCH_DIR) \
	  $(if $(filter 1,$(CUDA)),$(TORCH),$(CPU_SET)) \
	  || { echo "libtorch could not be installed: check the network and the free disk (1.2 GB; CUDA=1: 5 GB), then run make setup again" >&2; exit 1; }
	@touch $@

build: $(TEXTMILL) ## build target/release/textmill

$(TEXTMILL): $(LIBTORCH_STAMP) $(SOURCES)
	$(CARGO) build --release --locked -p textmill
	@touch $@

pipeline: $(TEXTMILL) ## run the whole pipeline of CONFIG (default pipeline.toml)
	@$(TEXTMILL) run --config $(CONFIG) $(ARGS)

$(STAGES): $(TEXTMILL)
	@$(TEXTMILL) $@ --config $(CONFIG) $(ARGS)

inspect: $(TEXTMILL) ## look into shards: make inspect DIR=runs/sample/filter
	@$(TEXTMILL) inspect $(or $(DIR),runs/sample/normalize) $(ARGS)

summary: $(TEXTMILL) ## print the summary of the run again
	@$(TEXTMILL) summary --config $(CONFIG) $(ARGS)

doctor: $(TEXTMILL) ## check libtorch, CUDA, cores, memory and disk
	@$(TEXTMILL) doctor --config $(CONFIG)

rust-docs: $(TEXTMILL) ## the data stages over the Rust toolchain's own documentation
	@$(TEXTMILL) run --config configs/rust-docs.toml $(ARGS)

# What the tests read shards with, as users do.
TEST_STAMP := .venv/.test-requirements
$(TEST_STAMP): tests/requirements.txt .venv/bin/pip
	@echo "Installing what the tests compare with (PyTorch, transformers, lm-evaluation-harness: about 3 GB to download) ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile -r $<
	@touch $@

# The browser that the tests open the page of `textmill look` in: the one named by CHROME, else one
# that is there (tests/uses/browser.rs looks for the same names), else Debian's.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
test-browser:
	@[ -n "$${CHROME:-}" ] || command -v $(BROWSERS) >/dev/null || { \
	  echo "Installing chromium, which the tests open pages with (about 120 MB to download) ..."; \
	  as_root=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
	  { $$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null \
	    && command -v $(BROWSERS) >/dev/null; \
	} || { echo "the tests need a browser, and none could be installed: install chromium or google-chrome, or name one as CHROME=/path/to/it" >&2; exit 1; }

# Clippy compiles what it looks at, so that lint and tests share one build, where it is installed.
CLIPPY := $(if $(shell command -v clippy-driver),RUSTC_WORKSPACE_WRAPPER=clippy-driver)
TEST := $(CLIPPY) $(CARGO) test --release --locked --workspace

# The packages come over the network while the compiler works.
test: $(LIBTORCH_STAMP) ## run every test: unit, property, snapshot, end to end
	@$(MAKE) --no-print-directory -j3 $(TEST_STAMP) test-browser test-programs
	$(TEST) --no-fail-fast

test-programs: $(LIBTORCH_STAMP)
	$(TEST) --no-run

# Ray and an S3-compatible server, in a folder of their own.
CLUSTER_STAMP := .venv-cluster/.installed
$(CLUSTER_STAMP): cluster/requirements.txt tests/cluster/requirements.txt
	@echo "Installing ray and an S3-compatible server (180 MB to download) ..."
	@$(PYTHON) -m venv .venv-cluster
	@.venv-cluster/bin/pip install --quiet --disable-pip-version-check -r tests/cluster/requirements.txt
	@touch $@

# torchrun is PyTorch's, of what the tests compare with.
test-cluster: test-programs $(CLUSTER_STAMP) $(TEST_STAMP) ## runs on a Ray cluster, over S3, with nodes, driver and storage failing: equal bytes
	$(TEST) --test cluster -- --ignored --nocapture a_cluster

test-hosts: test-programs $(CLUSTER_STAMP) ## the same with a network namespace for each node, one cut off and returning (needs root)
	$(TEST) --test cluster -- --ignored --nocapture hosts_of_their_own

# Small rows and few epochs: what comes out shows that it works, not what the model is worth.
FINETUNE := $(TEXTMILL) finetune --model $(MODEL) --quiet
uses: $(TEXTMILL) ## use the model: write, chat, fine-tune, embed, look inside, plan, privacy (MODEL=, default the sample's)
	@[ -e $(MODEL)/config.json ] || $(TEXTMILL) run --config $(CONFIG) --until train
	@mkdir -p $(USES)
	@echo "── generate"; $(TEXTMILL) generate --model $(MODEL) --prompt "The town council" -n 60 --quiet
	@$(TEXTMILL) generate --model $(MODEL) --prompt 这座城市 -n 60 --min-p 0.05 --repetition-penalty 1.1 --quiet
	@for lang in en zh; do echo "── finetune: sentiment, $$lang"; \
	  $(FINETUNE) --task sentiment --train $(TASKS)/reviews.$$lang.tsv --epochs 5 --out $(USES)/reviews-$$lang; done
	@echo "── finetune: sentiment with LoRA"; $(FINETUNE) --task sentiment --lora --train $(TASKS)/reviews.en.tsv --epochs 5 --no-scratch --out $(USES)/reviews-lora
	@$(TEXTMILL) predict $(USES)/reviews-en --text "The soup was cold and careless." --text "After two visits I can say that the novel is simply lovely."
	@echo "── finetune: translation"; $(FINETUNE) --task translation --lr 1e-3 --train $(TASKS)/pairs.tsv --epochs 8 --max-test 40 --max-tokens 24 --out $(USES)/translation
	@$(TEXTMILL) predict $(USES)/translation --text "My sister found the old clock yesterday."
	@for lang in en zh; do echo "── finetune: questions, $$lang"; \
	  $(FINETUNE) --task qa --lr 1e-3 --train $(TASKS)/questions.$$lang.json --epochs 8 --out $(USES)/questions-$$lang; done
	@echo "── finetune: chat"; $(FINETUNE) --task instruct --lr 1e-3 --train $(TASKS)/chats.jsonl --epochs 20 --max-tokens 24 --out $(USES)/chat
	@printf '%s\n' "What is the opposite of “warm”?" "请说出“大”的反义词。" | $(TEXTMILL) chat --model $(USES)/chat --temperature 0 -n 24
	@echo "── embed"; $(TEXTMILL) embed neighbours $(MODEL) town 城市 --top 5
	@echo "── look"; $(TEXTMILL) look $(MODEL) --text "The ferry left the harbour before dawn. 渡船在天亮前离开了港口。" --out $(USES)/look.html --quiet
	@echo "── plan"; $(TEXTMILL) plan --check $(MODEL:/train/best=) --probe 5
	@$(TEXTMILL) plan --budget 1000usd --on H100 --devices 8 --svg $(USES)/plan.svg
	@echo "── privacy: passages by heart"; $(TEXTMILL) privacy recite $(MODEL) --prompt-tokens 32 --continuation-tokens 16 --quiet
	@echo "── privacy: planted secrets, and a source held out"; $(TEXTMILL) run --config $(CONFIG) --quiet --set run.dir=$(USES)/canaries \
	  --set 'train.canaries.repeats=[1,4,16,64]' --set train.mixture.sources.forum=0 --set train.steps=600
	@$(TEXTMILL) privacy exposure $(USES)/canaries --svg $(USES)/exposure.svg --quiet
	@echo "── privacy: differentially private fine-tuning"; $(FINETUNE) --task sentiment --train $(TASKS)/reviews.en.tsv --epochs 10 --batch 64 --dp-epsilon 8 --out $(USES)/reviews-private

quality: $(TEXTMILL) ## measure extraction, rules, dedupe … on SHARED data against quality.toml
	@$(PYTHON) quality/measure.py --shared $(SHARED) --textmill $(TEXTMILL) $(ARGS)

bench: $(LIBTORCH_STAMP) $(PEERS)/.installed ## time the stages beside their peers: make bench PAGES=FOLDER TEXTS=FOLDER
	@CARGO=$(CARGO) $(PYTHON) bench/bench.py --pages $(PAGES) $(if $(TEXTS),--texts $(TEXTS)) $(TRAINING) $(WIKI) --peers $(PEERS)/bin/python $(ARGS)

bench-scale: $(LIBTORCH_STAMP) ## how dedupe scales: 20 million documents' signatures through every step (DOCUMENTS=, MEMORY=)
	$(CARGO) bench --locked -p textmill -p textmill-dedupe --bench scale -- --documents $(DOCUMENTS) --memory $(MEMORY)

bench-cluster: $(LIBTORCH_STAMP) $(CLUSTER_STAMP) ## the scheduler of `run --cluster` on a step of a million tasks (ARGS="TASKS PYTHON RAY_ADDRESS")
	$(CARGO) bench --locked -p textmill --bench cluster -- $(or $(ARGS),1000000 .venv-cluster/bin/python)

bench-gpu: $(LIBTORCH_STAMP) ## GPT-2 124M at a context of 1,024 in bf16 on one GPU: tokens a second (make setup CUDA=1 first)
	$(CARGO) bench --locked -p textmill -p textmill-model -p textmill-train --bench step -- gpu $(ARGS)

$(PEERS)/.installed: bench/requirements.txt
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@

fuzz: ## feed broken input to the parsers: make fuzz SECONDS=600 TARGETS="page warc" (needs nightly and cargo-fuzz)
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo "make fuzz needs a nightly toolchain: rustup toolchain install nightly" >&2; exit 1; }
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo "make fuzz needs cargo-fuzz: cargo install cargo-fuzz --locked" >&2; exit 1; }
	@for folder in $(FUZZ); do \
	  mkdir -p $$folder/seeds; \
	  find sample_corpus stages/extract/src/stage/pages -type f -size -256k | while read -r file; do cp "$$file" "$$folder/seeds/$${file//\//_}"; done; \
	  for target in $$($(CARGO) +nightly fuzz list --fuzz-dir $$folder); do \
	    if [ -n "$(TARGETS)" ] && [[ " $(TARGETS) " != *" $$target "* ]]; then continue; fi; \
	    mkdir -p $$folder/corpus/$$target; \
	    $(CARGO) +nightly fuzz run --fuzz-dir $$folder $$target $$folder/corpus/$$target $$folder/seeds -- $$(find $$folder -maxdepth 1 -name '*.dict' -printf '-dict=%p ') \
	      -max_len=65536 -timeout=10 -rss_limit_mb=4096 -max_total_time=$(SECONDS); \
	  done; \
	done

lint: $(LIBTORCH_STAMP) ## rustfmt and clippy, warnings denied
	$(CARGO) fmt --all --check
	@command -v clippy-driver >/dev/null || { echo "make lint needs clippy: rustup component add clippy" >&2; exit 1; }
	@mkdir -p target
	{ $(TEST) --no-run && $(TEST) --no-run --benches; } 2>&1 | tee target/lint.txt
	@! grep -q '^warning' target/lint.txt || { echo "lint: the warnings above are denied" >&2; exit 1; }

clean: ## remove build outputs and runs, keep the set-up
	rm -rf target runs

distclean: clean ## remove everything that make has made
	rm -rf .libtorch .venv .venv-cluster $(PEERS) $(foreach folder,$(FUZZ),$(addprefix $(folder)/,artifacts corpus seeds target))
