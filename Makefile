# Everything around tinydl, one word each; `make help` lists the words.
#
# Nothing needs to be installed but Python ≥ 3.10, a C compiler and make: the first call makes a
# virtual environment (.venv) and puts in it what that word needs. The next call is instant.

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
JOBS   ?= auto

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.PHONY: build cuda nvcc train doctor test names against-torch emulated kernels orders asan tsan \
        coverage gates bench gpu-check lint format sanitize neon wheel clean help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 15

# --- the environment: one stamp for each set of dependencies of pyproject.toml ---------------------

define NO_PYTHON

tinydl needs Python >= 3.10, and `$(PYTHON)` is not that. Install one or name one:
  Debian, Ubuntu:  apt-get install python3 python3-venv
  Fedora:          dnf install python3
  another one:     make PYTHON=/path/to/python3.12
endef

define NO_VENV

`$(PYTHON) -m venv` failed (see above). What it needs is its own package on some systems:
  Debian, Ubuntu:  apt-get install python3-venv
Then run make again.
endef
export NO_PYTHON NO_VENV

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$$NO_PYTHON"; exit 1; }
	@echo "making $(VENV), tinydl's own virtual environment"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "$$NO_VENV"; exit 1; }

$(VENV)/core: EXTRA =
$(VENV)/train $(VENV)/bench $(VENV)/dev $(VENV)/nvcc: EXTRA = [$(@F)]
$(VENV)/core $(VENV)/train $(VENV)/bench $(VENV)/dev $(VENV)/nvcc: pyproject.toml | $(PY)
	@$(PY) -c 'import build; build.find_compiler()'
	@echo "installing what \`$(@F)\` needs and compiling tinydl (once, about a minute)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable ".$(EXTRA)"
	@touch $@

# --- using it -------------------------------------------------------------------------------------

build: $(VENV)/core ## compile the native libraries in place (the default)
	@$(PY) build.py

cuda: $(VENV)/core ## compile the CUDA library with nvcc: for the GPUs at hand, or FOR=release
	@$(PY) build.py --cuda $(or $(FOR),dev)

nvcc: $(VENV)/core ## nvcc 13.0 and its disassembler, from PyPI into .venv unless they are here
	@$(PY) tests/cuda/machine_code.py --find 2>/dev/null || $(MAKE) --silent $(VENV)/nvcc

# make train DATA=folder DATASET=mnist MODEL=cnn EPOCHS=3 ARGS="--seed 1 --lr 0.002"
TRAIN = $(if $(DATA),--data "$(DATA)") $(if $(DATASET),--dataset "$(DATASET)") \
        $(if $(MODEL),--model "$(MODEL)") $(if $(EPOCHS),--epochs "$(EPOCHS)") $(ARGS)

train: $(VENV)/train ## train a CNN on digits: DATA=folder DATASET= MODEL= EPOCHS= ARGS="--help"
	@$(PY) build.py --quiet
	@$(PY) -m tinydl train $(TRAIN)

doctor: $(VENV)/core ## what tinydl finds on this machine
	@$(PY) build.py --quiet
	@$(PY) -m tinydl doctor

# --- checking it ----------------------------------------------------------------------------------

test: $(VENV)/dev emulated ## the test suite: ARGS="-k conv" for a part of it, JOBS=1 for one process
	@$(PY) -m pytest -n $(JOBS) $(ARGS)

names: $(VENV)/dev ## docs/names.md, made of the code: what is here, what differs from PyTorch
	@cd tests && ../$(PY) -m names.page

against-torch: $(VENV)/dev $(VENV)/bench ## public functions beside PyTorch's: values, gradients; ONLY=sort
	@$(PY) tests/against_torch.py $(ONLY)

emulated: $(VENV)/core ## compile for emulated tile units, and the CUDA kernels for an emulated GPU
	@$(PY) build.py --quiet
	@$(PY) build.py --emulate-tiles --quiet
	@if command -v g++ >/dev/null || command -v clang++ >/dev/null; then \
	    $(PY) build.py --emulate fast --quiet; \
	else echo "!! the CUDA kernels are not tested: that takes a C++ compiler (apt-get install g++)"; fi

# Tests that together launch every kernel; and some that do what programs do.
KERNELS  = tests/test_ops.py tests/test_teach.py tests/cuda/test_kernel_choice.py
PROGRAMS = tests/test_errors.py tests/test_recorded.py tests/test_recorded_steps.py \
           tests/test_cuda_graphs.py tests/test_streams.py tests/test_optim.py
ON       = TINYDL_CUDA=$(CURDIR)/build/flavours/libtinydl-cuda-emu

kernels: orders asan tsan coverage ## the CUDA kernels' tests on the emulated device, four ways:

orders: $(VENV)/dev emulated ## … its threads in other orders
	@for order in rev rand:1; do echo "TD_EMU_ORDER=$$order"; \
	    TINYDL_CUDA=emu TD_EMU_ORDER=$$order $(PY) -m pytest -n $(JOBS) $(KERNELS) || exit 1; done

asan: $(VENV)/dev ## … with address and undefined-behaviour checks
	$(PY) build.py --emulate asan --cc gcc --out build/flavours
	LD_PRELOAD="$(call PRELOAD,asan.so ubsan.so)" $(ON)-asan.so \
	    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(PY) -m pytest -n $(JOBS) $(KERNELS)

# Only the kernels are watched: Python, NumPy and the CPU's libraries are not compiled for it.
tsan: $(VENV)/dev ## … with races between CUDA threads reported
	$(PY) build.py --emulate tsan --cc gcc --out build/flavours
	LD_PRELOAD="$(call PRELOAD,tsan.so)" $(ON)-tsan.so OPENBLAS_NUM_THREADS=1 \
	    TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1 \
	    $(PY) -m pytest -n $(JOBS) $(KERNELS)

coverage: $(VENV)/dev ## … counting lines and launches: 90 % of all lines and every kernel
	rm -rf build/objects/emulated-*-coverage
	$(PY) build.py --emulate coverage --cc gcc --out build/flavours
	$(ON)-coverage.so $(PY) -m pytest -n $(JOBS) $(KERNELS) $(PROGRAMS)
	$(PY) tests/cuda/kernel_coverage.py --minimum 90 build/flavours/libtinydl-cuda-emu-coverage.so

gates: $(VENV)/dev nvcc ## what nvcc makes of the kernels: registers, spills, wide loads; ARGS=--update
	$(PY) tests/cuda/machine_code.py $(ARGS)
	$(PY) -m pytest -n 0 tests/test_cuda_build.py

# make bench ARGS=--write keeps the results in benchmarks/cpu and makes docs/performance.md of them.
bench: $(VENV)/core ## time it beside PyTorch: ONLY=conv, TORCH=no; OPS=1 times every op by itself
	@$(PY) build.py --quiet
ifdef OPS
	@$(MAKE) --silent $(VENV)/dev
	@$(PY) tests/bench/ops.py $(ONLY) $(ARGS)
else
	@[ "$(TORCH)" = no ] || $(MAKE) --silent $(VENV)/bench || \
	    echo "!! PyTorch could not be installed (see above): tinydl is timed alone"
ifneq ($(findstring --write,$(ARGS)),)
	@$(MAKE) --silent $(VENV)/train
endif
	@$(PY) tests/bench $(ONLY) $(if $(filter no,$(TORCH)),--no-torch) $(ARGS)
endif

gpu-check: $(VENV)/dev ## all that takes a GPU, in 9 minutes: ONLY=suite,gemm TORCH=no ARGS=--again
	@[ "$(TORCH)" = no ] || ! command -v nvidia-smi >/dev/null || $(MAKE) --silent $(VENV)/bench || \
	    echo "!! PyTorch could not be installed (see above): tinydl is timed alone"
	@$(PY) tests/gpu $(if $(ONLY),--only $(ONLY)) $(if $(filter no,$(TORCH)),--without torch) $(ARGS)

C_FILES = $$(find native tests -name '*.c' -o -name '*.h' -o -name '*.inl' -o -name '*.cu*' -o -name '*.cpp')

lint: $(VENV)/dev ## ruff, clang-format, and gcc's and clang's warnings as errors
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/clang-format --dry-run -Werror $(C_FILES)
	@for cc in gcc clang; do \
	    if command -v $$cc >/dev/null; then echo "$$cc -Werror"; \
	        $(PY) build.py --strict --quiet --cc $$cc --out build/strict/$$cc || exit 1; \
	    else echo "!! $$cc: not found, its warnings are not checked"; fi; done

format: $(VENV)/dev ## put every file into the house style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(VENV)/bin/clang-format -i $(C_FILES)

# Python itself is not instrumented, so the sanitizers' libraries must be there before it starts.
PRELOAD = $$(for lib in $(1) stdc++.so.6; do gcc -print-file-name=lib$$lib; done | xargs)

sanitize: $(VENV)/dev ## the test suite on libraries with address and undefined-behaviour checks
	$(PY) build.py --sanitize --cc gcc --out build/sanitize
	$(PY) build.py --sanitize --cc gcc --out build/sanitize --emulate-tiles
	LD_PRELOAD="$(call PRELOAD,asan.so ubsan.so)" TINYDL_LIB=$(CURDIR)/build/sanitize \
	    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
	    $(PY) -m pytest -n $(JOBS) --ignore tests/cuda $(ARGS)

ARM = aarch64-linux-gnu

neon: $(VENV)/core ## cross-compile for 64-bit ARM and run kernels under qemu
	@command -v $(ARM)-gcc qemu-aarch64 >/dev/null || { echo "make neon needs a cross compiler and \
	an emulator: apt-get install gcc-$(ARM) libc6-dev-arm64-cross qemu-user"; exit 1; }
	$(PY) build.py --cc $(ARM)-gcc --out build/neon
	$(ARM)-gcc -std=c11 -Wall -Wextra -Werror -O1 -Inative tests/neon/kernels.c -o build/neon/kernels -ldl -lm
	qemu-aarch64 -L /usr/$(ARM) build/neon/kernels build/neon/libtinydl-cpu-neon.so

wheel: $(VENV)/dev ## source distribution and wheel, in dist/
	$(VENV)/bin/pyproject-build

clean: ## remove all that was made here: libraries, environment, caches (runs/ stays)
	rm -rf build dist tinydl/lib $(VENV) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
