"""A scenario beside the actual figures."""

from __future__ import annotations

from services.stats.views.metadata import AnswerMetadata, View
from services.stats.views.quotas import QuotaAt
from services.stats.views.targets import TargetRow


class Evaluation(View):
    quotas: list[QuotaAt]
    targets: list[TargetRow]


class Scenario(AnswerMetadata):
    """The same cells twice. `contradictions`: why the supposed plan could not be entered as it is; `arithmetic`: what it implies."""

    actual: Evaluation
    scenario: Evaluation
    contradictions: list[str]
    arithmetic: list[str]
