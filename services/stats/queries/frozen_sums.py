"""Sums of closed periods by province: as closed, and with what was restated since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.stats.queries.period_closes import Close
from shared.db import Tx

INSERT = """
INSERT INTO frozen (period, version, measure, currency, province, as_closed, value)
SELECT $1, $2, measure, currency, CASE WHEN k1 = '-' THEN k1 ELSE left(k1, 2) || '0000' END, sum(value)::bigint, sum(value)::bigint
FROM cell JOIN unnest($4::smallint[], $5::smallint[]) AS pick (measure, cut) USING (measure, cut)
WHERE generation = $3 AND month BETWEEN date_trunc('month', $6::date::timestamp)::date AND $7 AND day BETWEEN $6 AND $7
GROUP BY measure, currency, 5
"""
UPDATE = """
INSERT INTO frozen AS was (period, version, measure, currency, province, as_closed, value)
SELECT period, version, measure, currency, province, 0, delta
FROM unnest($1::text[], $2::integer[], $3::smallint[], $4::text[], $5::text[], $6::bigint[])
    AS row (period, version, measure, currency, province, delta)
ORDER BY period, measure, currency COLLATE "C", province COLLATE "C"
ON CONFLICT (period, version, measure, currency, province) DO UPDATE SET value = was.value + excluded.value
RETURNING period, version, measure, currency, province, value
"""
LIST_NATIONAL = """
SELECT period, version, measure, currency, sum(value)::bigint AS value FROM frozen
WHERE (period, version, measure, currency) IN (SELECT * FROM unnest($1::text[], $2::integer[], $3::smallint[], $4::text[]))
GROUP BY period, version, measure, currency
"""
LIST_CLOSED = """
SELECT frozen.period, frozen.version, frozen.measure, frozen.currency, frozen.province, frozen.value
FROM frozen JOIN period_close USING (period, version) WHERE period_close.reopened_at IS NULL
"""


class NationalKey(NamedTuple):
    period: str
    version: int
    measure: int
    currency: str


class FrozenKey(NamedTuple):
    period: str
    version: int
    measure: int
    currency: str
    province: str

    @property
    def national(self) -> NationalKey:
        return NationalKey(self.period, self.version, self.measure, self.currency)


async def insert(tx: Tx, generation: int, close: Close, cut_of: Mapping[int, int]) -> None:
    """The sums as closed. `cut_of`: for each measure the cut that its provinces are summed from."""
    await tx.conn.execute(INSERT, close.period, close.version, generation, list(cut_of), list(cut_of.values()), close.starts, close.ends)


async def update(tx: Tx, deltas: Mapping[FrozenKey, int]) -> dict[FrozenKey, int]:
    """Add to frozen sums. Returns what they are now."""
    rows = await tx.conn.fetch(UPDATE, *map(list, zip(*deltas, strict=True)), list(deltas.values()))
    return {FrozenKey(*key): value for *key, value in rows}


async def list_national(tx: Tx, keys: Sequence[NationalKey]) -> dict[NationalKey, int]:
    """The sums of all provinces."""
    rows = await tx.conn.fetch(LIST_NATIONAL, *map(list, zip(*keys, strict=True)))
    return {NationalKey(*key): value for *key, value in rows}


async def list_closed(tx: Tx) -> dict[FrozenKey, int]:
    """Of the periods closed now, restatements included."""
    return {FrozenKey(*key): value for *key, value in await tx.conn.fetch(LIST_CLOSED)}
