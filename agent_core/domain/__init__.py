"""The words of the product as values; frozen, changed by `replace()`."""

from agent_core.domain.cells import Block, Cell, blocks_of, cells_of
from agent_core.domain.choices import with_chosen, without_chosen
from agent_core.domain.design import (
    Estimand,
    Factor,
    FactorKind,
    FactorRole,
    Levels,
    LevelValue,
    Question,
    Unanswered,
)
from agent_core.domain.environment import Packages, Room
from agent_core.domain.families import study_of, with_design
from agent_core.domain.metric import Better, Metric
from agent_core.domain.node import (
    Check,
    Environment,
    Finding,
    Node,
    Operator,
    Score,
    Script,
    Verdict,
    Waiver,
)
from agent_core.domain.parts import GivenPart, PartName
from agent_core.domain.plan import (
    Algorithm,
    Choice,
    Column,
    Config,
    Dataset,
    Nature,
    Plan,
    PlanChange,
    Priority,
    Requirement,
    Revision,
    Role,
    Study,
    Topic,
)
from agent_core.domain.report import Answer, Claim, Direction, Report, ReportDraft, ToldAnswer
from agent_core.domain.rules import (
    Candidates,
    DataRule,
    DataRuleKind,
    DataRules,
    Keep,
    Level,
    Masked,
    Of,
    Order,
    SplitKind,
    SplitRules,
)
from agent_core.domain.run import (
    Budget,
    Ending,
    NodeId,
    Outcome,
    RunId,
    RunStatus,
    Task,
    Usage,
    UserId,
)
