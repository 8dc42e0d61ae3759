"""Lines of the log as the terminal shows them: words, then facts."""

from __future__ import annotations

import logging


def set_up_logging(level: int) -> None:
    """Send what is of a level, or worse, to the terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithFacts("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])


class WithFacts(logging.Formatter):
    """Writes the facts of a line, which callers hand over as `extra`, behind its words."""

    OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line with its facts, each as name=value."""
        facts = {k: v for k, v in record.__dict__.items() if k not in self.OWN}
        told = " ".join(f"{name}={value!r}" for name, value in facts.items())
        return f"{super().formatMessage(record)}{f' ({told})' if told else ''}"
