"""The rule-based researcher: a grammar of tasks, script parts, wording; no key, no network."""
