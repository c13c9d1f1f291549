# The commands of this project. `make run` starts everything, `make test` proves everything.

PYTHON ?= python3
BIN := .venv/bin
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra dev --no-header

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint bench trials sbom lock clean

help: ## Danh sách lệnh · this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## Cài đặt (tự chạy khi cần) · install, skipped when nothing changed
	@$(PYTHON) deploy/setup.py

run: setup ## Khởi động hệ thống · start everything
	@$(BIN)/python -m his run

test: setup ## Chạy mọi kiểm thử · every test
	@$(PYTHON) deploy/setup.py --browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## Kiểm tra mã rồi chạy kiểm thử · format, lint, types, import contracts, tests
	@$(MAKE) --no-print-directory test

bench: setup ## Đo tốc độ · benchmarks
	$(BIN)/python -m tests.load

trials: setup ## Thử thách dài, ghi deploy/TRIALS.md · the long trials (TRIALS="--missing 8 11")
	$(BIN)/python -m tests.faults.run $(TRIALS)

sbom: setup ## Danh mục thành phần và giấy phép (CycloneDX) · bill of materials, licences, audit
	@$(BIN)/python deploy/sbom.py

lock: setup ## Tạo lại requirements.lock · resolve the dependencies again
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements.lock

clean: ## Xóa môi trường và tệp tạm, giữ dữ liệu trong var/ · remove what can be made again
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache node_modules dist
	find his tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +
