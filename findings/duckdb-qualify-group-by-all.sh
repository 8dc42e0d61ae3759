#!/bin/sh
# DuckDB 2.0.1: GROUP BY ALL, else a shorthand for naming the columns, refuses QUALIFY.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q duckdb==2.0.1
"$folder/env/bin/python" - <<'PYTHON'
import duckdb

query = (
    "SELECT a, count(*) AS n FROM (VALUES (1), (1), (2)) t(a) GROUP BY {} "
    "QUALIFY row_number() OVER (ORDER BY n DESC) = 1"
)
print("duckdb", duckdb.__version__)
named = duckdb.sql(query.format("a")).fetchall()
print("GROUP BY a:  ", named)
try:
    shorthand = str(duckdb.sql(query.format("ALL")).fetchall())
except duckdb.Error as error:
    shorthand = f"{type(error).__name__}: {error}".splitlines()[0]
print("GROUP BY ALL:", shorthand)
same = named == [(1, 2)] and "QUALIFY with GROUP BY ALL is not supported" in shorthand
raise SystemExit(0 if same else "changed")
PYTHON
