"""Settings of the agent core: search, execution, models, budget, privacy."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_core.domain import Budget
from sandbox.execution import Limits


class Section(BaseModel):
    """A table of the settings file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TreeSearchSettings(Section):
    """`[treesearch]`: names and defaults of AutoRecLab v1, and what is new."""

    num_draft_nodes: int = Field(3, ge=1, le=50)
    max_iterations: int = Field(10, ge=0, le=1000)
    debug_prob: float = Field(0.3, ge=0, le=1)
    epsilon: float = Field(0.3, ge=0, le=1)
    policy: Literal["epsilon-greedy"] = "epsilon-greedy"
    parallel: int = Field(4, ge=1, le=64)


class ExecSettings(Section):
    """`[exec]`: how long a script may run, and where files that a task names are looked for."""

    timeout: float = Field(3600, gt=0)
    workspace: Path = Path("./workspace")
    retraining: bool = True
    """Whether the product trains the reported algorithms itself, as a check."""
    confirm: Literal["sample", "all"] = "sample"
    """How many cells of a winner are made again; all where that is cheap."""


class DataSettings(Section):
    """`[data]`: the folder with datasets that tasks take by name."""

    shelf: Path = Path("./shelf")


class RoleSettings(Section):
    """A model for one role; unset values come from `[agent.code]`."""

    model: str = ""
    model_temp: float | None = None
    effort: str = ""


class CodeSettings(RoleSettings):
    """`[agent.code]`: the model that plans and writes scripts."""

    model: str = "gpt-5-mini"
    model_temp: float | None = 1.0


class AgentSettings(Section):
    """`[agent]`."""

    k_fold_validation: int = Field(1, ge=1, le=50)
    code: CodeSettings = CodeSettings()
    judge: RoleSettings = RoleSettings()
    report: RoleSettings = RoleSettings()


class Price(Section):
    """Dollars per million tokens."""

    input: float = Field(ge=0)
    cached: float | None = None
    output: float = Field(ge=0)


class ModelSettings(Section):
    """`[model]`: the endpoint; OPENAI_BASE_URL and OPENAI_API_KEY override."""

    base_url: str = ""
    deadline_s: float = Field(180, gt=0)
    idle_s: float = Field(60, gt=0)
    prices: dict[str, Price] = {}
    headers: dict[str, str] = {}
    organization: str = ""
    structure: Literal["auto", "json_schema", "tools", "text"] = "auto"
    max_output_tokens: int = Field(16_000, gt=0)
    concurrency: int = Field(8, ge=1, le=256)


class BudgetSettings(Section):
    """`[budget]`."""

    max_cost: float = Field(2.0, ge=0)
    max_seconds: float = Field(14400, gt=0)
    max_tokens: int = Field(2_000_000, ge=0)
    lab_month: float = Field(0.0, ge=0)


class LabSettings(Section):
    """The sections that a lab needs, together."""

    search: TreeSearchSettings = TreeSearchSettings()
    execution: ExecSettings = ExecSettings()
    agent: AgentSettings = AgentSettings()
    budget: BudgetSettings = BudgetSettings()
    data: DataSettings = DataSettings()
    limits: Limits = Limits()
    """What one script may use; its time limit is that of the task."""
    retention_days: int = 0
    """Days after which an ended run is deleted; 0: never."""
    takes_up: bool = True
    """Whether unfinished runs of earlier processes are taken up."""

    @property
    def whole_budget(self) -> Budget:
        """What one run may spend, unless its task says otherwise."""
        nodes = self.search.num_draft_nodes + self.search.max_iterations
        limits = self.budget
        return Budget(nodes, limits.max_seconds, limits.max_cost, limits.max_tokens)


class PrivacySettings(Section):
    """`[privacy]`."""

    share_rows: bool = False
