"""Settings: the sections of all packages, from `config.toml`, the environment and `--set`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from agent_core.settings import (
    AgentSettings,
    BudgetSettings,
    DataSettings,
    ExecSettings,
    LabSettings,
    ModelSettings,
    PrivacySettings,
    TreeSearchSettings,
)
from bot.slack.settings import AccessSettings, SlackSettings
from sandbox.settings import SandboxSettings
from storage.settings import StorageSettings

DEFAULT_FILE = Path("config.toml")


class SettingsError(Exception):
    """A setting is unknown or has a value that it cannot have."""


class Secrets(BaseSettings):
    """Keys, from the environment only; never shown, logged or written."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: str = ""
    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_api_url: str = ""


class Settings(BaseSettings):
    """All tables of the settings file."""

    model_config = SettingsConfigDict(
        env_prefix="AUTORECLAB_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    treesearch: TreeSearchSettings = TreeSearchSettings()
    exec: ExecSettings = ExecSettings()
    data: DataSettings = DataSettings()
    agent: AgentSettings = AgentSettings()
    model: ModelSettings = ModelSettings()
    sandbox: SandboxSettings = SandboxSettings()
    budget: BudgetSettings = BudgetSettings()
    storage: StorageSettings = StorageSettings()
    slack: SlackSettings = SlackSettings()
    access: AccessSettings = AccessSettings()
    privacy: PrivacySettings = PrivacySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let `--set` win over the environment, and that over the file."""
        if not isinstance(init_settings, InitSettingsSource):
            return (init_settings, env_settings)
        given = init_settings.init_kwargs
        return (
            InitSettingsSource(settings_cls, given.get("given", {})),
            env_settings,
            InitSettingsSource(settings_cls, given.get("file", {})),
        )

    def lab(self, *, takes_up: bool) -> LabSettings:
        """Return the sections that a lab needs."""
        return LabSettings(
            search=self.treesearch,
            execution=self.exec,
            agent=self.agent,
            budget=self.budget,
            data=self.data,
            limits=self.sandbox.limits(self.exec.timeout),
            retention_days=self.storage.retention_days,
            takes_up=takes_up,
        )


def load_settings(file: Path | None = None, given: Sequence[str] = ()) -> Settings:
    """Read the settings.

    Parameters
    ----------
    file
        The TOML file; None: `config.toml` in the current folder, where there is one.
    given
        Assignments `table.key=value` from the command line.

    Raises
    ------
    SettingsError
        For an unknown key (naming the nearest known one) or an impossible value.
    """
    try:
        sources: Any = {"file": _read_file(file), "given": _assignments(given)}
        return Settings(**sources)
    except ValidationError as error:
        raise SettingsError(_faults_text(error)) from error


def _read_file(file: Path | None) -> dict[str, Any]:
    """Return the tables of a settings file."""
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error


def _assignments(given: Sequence[str]) -> dict[str, Any]:
    """Turn `table.key=value` strings into nested tables; values are TOML, else plain text."""
    tables: dict[str, Any] = {}
    for item in given:
        path, equals, value = item.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise SettingsError(f"--set wants table.key=value, not {item!r}.")
        table = tables
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = _toml_value(value.strip())
    return tables


def _toml_value(text: str) -> Any:
    """Read a TOML value; what is none is taken as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _faults_text(error: ValidationError) -> str:
    """Say in one line per fault what is wrong, and what was probably meant."""
    lines = []
    for fault in error.errors():
        path = tuple(str(part) for part in fault["loc"])
        name = ".".join(path)
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path[-1], _known_keys(path[:-1]), n=1, cutoff=0.3)
            hint = f"; did you mean {'.'.join((*path[:-1], near[0]))}?" if near else "."
            lines.append(f"Unknown setting {name}{hint}")
        else:
            lines.append(f"Setting {name} = {fault['input']!r}: {fault['msg']}.")
    return "\n".join(lines)


def _known_keys(path: tuple[str, ...]) -> list[str]:
    """Return the keys that a table may have."""
    model: type[BaseModel] | None = Settings
    for part in path:
        field = model.model_fields.get(part) if model else None
        candidates = [field.annotation, *get_args(field.annotation)] if field else []
        model = next(
            (c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None
        )
    return list(model.model_fields) if model else []
