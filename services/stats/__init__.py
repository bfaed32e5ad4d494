"""stats: live, auditable targets and quotas.

Owns        cells (additive sums by measure, cut, day and day of recording), programmes of targets and quotas, monthly rates,
            designation lists and divisions, closed periods, what was published
Events out  stats.snapshot: FigurePublished; stats.events: QuotaStatusChanged, TargetProgressChanged, YearOnYearBreached,
            PeriodClosed, PeriodReopened, FigureRestated, DeadLetterRedriven
Events in   everything of registration.events, docking.events, training.events and rights.events that measures.py counts
"""
