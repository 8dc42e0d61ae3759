#!/bin/sh
# DuckDB 2.0.1: TRY_CAST of text to BIGINT rounds fractions and reads exponents instead of giving
# NULL, so that it cannot tell whole-number ids from other text.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q duckdb==2.0.1
"$folder/env/bin/python" - <<'PYTHON'
import duckdb

texts = ["7", "7.0", "7.5", "1e1", " 7 ", "7x", "0x10"]
seen = {t: duckdb.sql("SELECT TRY_CAST(? AS BIGINT)", params=[t]).fetchall()[0][0] for t in texts}
print("duckdb", duckdb.__version__)
print("a caller who tests ids by it may expect a number for '7' only; seen:")
for text, number in seen.items():
    print(f"  {text!r:8} -> {number}")
expected = {"7": 7, "7.0": 7, "7.5": 8, "1e1": 10, " 7 ": 7, "7x": None}
changed = {t: seen[t] for t in expected if seen[t] != expected[t]}
raise SystemExit(f"changed: {changed}" if changed else 0)
PYTHON
