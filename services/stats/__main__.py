"""`python -m services.stats`: run the service."""

from __future__ import annotations

from pathlib import Path

from services.stats import api, consumers
from services.stats.publishing import publisher
from services.stats.replay import rebuild
from services.stats.settings import StatsSettings
from services.stats.usecases import counting, redrives, sweeps
from shared.runner import Service, main

LIST_BODY_BYTES = 1024 * 1024  # 5,000 rows take about 500 kB

SERVICE = Service(
    name="stats",
    package=Path(__file__).parent,
    router=api.router,
    topics=consumers.TOPICS,
    apply=consumers.apply,
    published_figures=redrives.published_figures,
    publish_redriven=redrives.publish_redriven,
    sweep=sweeps.sweep,
    body_limits={"/designations": LIST_BODY_BYTES, "/divisions": LIST_BODY_BYTES},
    background=(publisher.run_publisher, counting.run_year_sums, rebuild.run_progress_metric),
    settings=StatsSettings,
    plan_each=True,
)

if __name__ == "__main__":
    main(SERVICE)
