"""Good answers of a model, one for each role, about the builders' plan."""

from __future__ import annotations

import json

PLAN = {
    "title": "Seed effect on ImplicitMF",
    "question": "How much does NDCG@10 vary if only the training seed changes?",
    "datasets": ["u.data"],
    "feedback": "every rating is a positive signal",
    "factors": [{"name": "model_seed", "levels": [30], "role": "repeated", "of": ["ImplicitMF"]}],
    "data": [],
    "splits": [{"kind": "leave_one_out", "seed": 42, "text": "loo"}],
    "algorithms": [
        {
            "name": "ImplicitMF",
            "kind": "ImplicitMFScorer",
            "config": ["embedding_size=32"],
            "role": "subject",
            "is_random": True,
            "base": "",
        },
        {
            "name": "Popularity",
            "kind": "PopScorer",
            "config": [],
            "role": "baseline",
            "is_random": False,
            "base": "",
        },
    ],
    "metrics": ["ndcg@10"],
    "validated": [],
    "questions": [{"kind": "spread", "over": ["model_seed"], "measures": ["ndcg@10"]}],
    "excluded": [],
    "list_length": 10,
    "requirements": [
        {
            "id": 1,
            "text": "ImplicitMF is trained once for each of 30 seeds on one split.",
            "clause": "if only the training seed changes",
            "priority": "must",
            "nature": "science",
            "check": "seeds_as_planned",
        },
        {
            "id": 2,
            "text": "The figure names its axes.",
            "clause": "a plot",
            "priority": "nice",
            "nature": "housekeeping",
            "check": None,
        },
    ],
    "reported": ["SD with its interval"],
    "assumptions": ["every rating counts"],
    "unanswered": [],
    "ask": None,
    "estimate_s": 60,
}
REVISION = {
    "kind": "wish",
    "reply": "",
    "offer": "",
    "plan": PLAN
    | {
        "list_length": 20,
        "metrics": ["ndcg@20"],
        "questions": [{"kind": "spread", "over": ["model_seed"], "measures": ["ndcg@20"]}],
    },
    "changes": [{"requirement": 1, "line": "changed 1 (K 10 → 20)"}],
}
SOURCE = "import labbook\n\n\ndef main():\n    labbook.row('ndcg', 0.1)\n\n\nmain()\n"
SCRIPT = f"Trains ImplicitMF for every seed.\n\n```python\n{SOURCE}```\n"
VERDICTS = {
    "verdicts": [
        {"requirement": 2, "reason": "a row is written", "quote": "labbook.row(", "is_met": True}
    ]
}
REPORT = {
    "headline": "The seed moves NDCG@10 by {{ndcg@10|ImplicitMF|sd}}.",
    "findings": ["The mean is {{ndcg@10|ImplicitMF|mean}}.", "It is {{claim:0}}."],
    "limits": ["One split."],
    "next_steps": ["Vary the split."],
    "claims": [{"a": "ImplicitMF", "b": "Popularity", "metric": "ndcg@10", "direction": "higher"}],
}
ANSWER = {
    "text": "The SD is {{ndcg@10|ImplicitMF|sd}}.",
    "used": ["ndcg@10|ImplicitMF|sd"],
    "offer": "",
}
GOOD = {
    "plan": json.dumps(PLAN),
    "revise": json.dumps(REVISION),
    "draft": SCRIPT,
    "debug": SCRIPT,
    "improve": SCRIPT,
    "merge": SCRIPT,
    "judge": json.dumps(VERDICTS),
    "report": json.dumps(REPORT),
    "answer": json.dumps(ANSWER),
}
