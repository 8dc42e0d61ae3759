"""Conversations kept on request: what was asked, the prompt, what was said; no secrets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from agent_core.model.prompting import Prompt
from agent_core.model.reading import with_texts
from agent_core.model.redaction import Redactor
from agent_core.researcher import Request


class Conversations:
    """A folder of conversations, one JSON file each."""

    def __init__(self, folder: Path, redact: Redactor) -> None:
        self.folder = folder
        self.redact = redact

    def save(self, prompt: Prompt, model: str, request: Request, said: Sequence[str]) -> Path:
        """Write a conversation into a new file."""
        body = {
            "role": prompt.name,
            "model": model,
            "request": TypeAdapter(type(request)).dump_python(request, mode="json"),
            "system": prompt.system,
            "user": prompt.user,
            "said": list(said),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{prompt.name}-{secrets.token_hex(4)}.json"
        kept = with_texts(body, self.redact)
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path
