"""stats: live, auditable targets and quotas.

Owns        cells (additive sums by measure, cut, day and day of recording), programmes of targets and quotas, monthly rates and
            those held for a second person, designation lists and divisions, closed periods, the figures published last
Events out  stats.snapshot: FigurePublished; stats.events: QuotaStatusChanged, TargetProgressChanged, YearOnYearBreached,
            PeriodClosed, PeriodReopened, FigureRestated, DeadLetterRedriven
Events in   everything of registration.events, docking.events, training.events and rights.events that counting/measures.py counts

Floors, imports downwards only:

    api, consumers          HTTP and Kafka in
    usecases                one function per command, question or reaction
    views                   answers
    publishing, replay      figures as events and as a stream; audit, rebuild, explanations of figures out of the log
    periods, programmes     closing, restatements, disclosure control; plans evaluated, projected, validated
    figures                 a question goes through once: planning -> query -> shaping
    queries                 the only SQL
    counting                what is counted, by the reference fold and by the columnar fold
    commands, settings
    domain                  questions, plans, quotas, targets, errors
"""

import os

# Read when polars is loaded. A batch is folded in one thread; more of them would wait for each other longer than they work.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
