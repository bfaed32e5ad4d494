"""The fold that the peers of the bench are given is ours."""

from __future__ import annotations

import json
from collections import Counter

from services.stats.counting import columnar_fold
from tests.bench import programme_log
from tests.bench.peer_fold import contributions

EVENTS = 14 * 300


def test_the_fold_written_out_for_the_peers_gives_the_cells_of_ours() -> None:
    values = [value for *_, value in programme_log.records(EVENTS, partitions=6)]
    theirs: Counter[str] = Counter()
    for value in values:
        for cell, amount in contributions(json.loads(value)):
            theirs[cell] += amount
    assert theirs == {"\t".join(map(str, cell)): value for cell, value in columnar_fold.fold(values).items()}
