"""A programme to play: who goes where when, 2017 to 2020, at a scale, from a seed. Pure; the same seed gives the same plan.

What was published (shared/reference/national_stats.csv) fixes the sums: dispatches by month and channel, the stock at the
known month ends, 146,000 departures from poverty counties. Where nothing was published the plan draws from the shares named
below. People are invented; no row describes anybody.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

from shared import reference
from shared.values import Channel, Period, first_day, last_day, next_period, period_of

T = TypeVar("T")
FIRST, LAST = Period("2017-01"), Period("2020-12")
YEARS = (2017, 2018, 2019, 2020)
PUBLISHED_YEARS = (2017, 2018, 2019)  # while the programme runs

# Cumulative departures (persons) since January at the months where they were published; between them, by the season.
DISPATCHED = {
    "2017-12": 522_000, "2018-12": 492_000, "2019-09": 356_000, "2019-12": 487_000,
    "2020-02": 65_000, "2020-07": 159_000, "2020-10": 231_000, "2020-11": 255_000, "2020-12": 301_000,
}  # fmt: skip
# Abroad at the end of the month; 2016-12 is chosen so that returns of 2017 are of the size of departures.
STOCK = {
    "2016-12": 969_000, "2017-12": 980_000, "2018-12": 997_000, "2019-09": 1_010_000, "2019-12": 992_000,
    "2020-02": 989_000, "2020-07": 644_000, "2020-10": 631_000, "2020-11": 635_000, "2020-12": 623_000,
}  # fmt: skip
# Of those departures, under contracted projects, where that was published; 2018 was not: between its neighbours.
CONTRACTED = {
    "2017-12": 222_000, "2018-12": 216_000, "2019-09": 159_000, "2019-12": 211_000,
    "2020-02": 30_000, "2020-07": 81_000, "2020-10": 109_000, "2020-12": 139_000,
}  # fmt: skip
FROM_POVERTY_COUNTIES = 146_000
SEASON = (8, 5, 9, 9, 8, 8, 8, 8, 9, 9, 9, 10)  # weights of the months of a year; February holds the Spring Festival
CENTRAL_WEST_SHARE = 76  # per cent of poverty-county departures; Hebei and Hainan are eastern

PROVINCES = {
    "370000": 13, "350000": 11, "440000": 10, "320000": 9, "210000": 7, "310000": 6, "410000": 6, "510000": 4, "420000": 4, "430000": 4,
    "340000": 3, "330000": 3, "220000": 3, "130000": 3, "360000": 2, "450000": 2, "610000": 2, "230000": 2, "120000": 2, "110000": 2,
    "530000": 1, "500000": 1, "140000": 1, "620000": 1, "520000": 1, "150000": 1,
}  # fmt: skip
DESTINATIONS = {
    Channel.LABOUR_COOPERATION: {"MAC": 30, "HKG": 22, "JPN": 18, "SGP": 14, "KOR": 5, "AUS": 3, "DEU": 2, "ARE": 3, "PAN": 3},
    Channel.CONTRACTED_PROJECT: {"SAU": 18, "DZA": 18, "IDN": 12, "PAK": 12, "LAO": 10, "AGO": 8, "KEN": 7, "MYS": 8, "IRQ": 7},
}
# ISCO-08 unit groups; the stock of 2017 was 43.4 % construction, 16.1 % manufacturing, 13.8 % transport.
OCCUPATIONS = {
    Channel.LABOUR_COOPERATION: {"7112": 18, "8350": 26, "8153": 26, "5120": 16, "9111": 14},
    Channel.CONTRACTED_PROJECT: {"7112": 40, "7411": 25, "8342": 20, "8332": 15},
}
WAGE_OTHER, WAGE_POVERTY = 215_000, 860_000  # fen a month: 30 bn yuan a year for about 1 M abroad; over 100,000 yuan a year
ENTERPRISES = 8
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙", "伟芳娜敏静磊军洋勇杰娟涛明超霞平刚"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    number: int
    name: str
    id_number: str
    birth_date: date
    sex: str
    county: str
    occupation: str
    education: int
    household_status: str


@dataclass(slots=True, kw_only=True)
class Voyage:
    """One departure, and what goes wrong in recording it."""

    number: int
    person: Person
    departed_on: date
    destination: str
    occupation: str
    channel: Channel
    enterprise: int
    wage_minor: int
    poverty: bool
    adopted: bool = False  # abroad already when the programme starts
    again: bool = False  # the person's second journey
    returned_on: date | None = None
    recorded_after: int = 1  # days between the departure and its recording
    mended_after: int = 5  # days between the recording and its correction or void
    first_recorded_as: dict[str, str] = field(default_factory=dict)  # recorded wrongly, corrected later
    voided: bool = False  # never happened; recorded and voided
    sent_twice: bool = False  # the recording is posted again
    short_in: Period | None = None  # the wage of this month is paid short, and made good later

    @property
    def recorded_on(self) -> date:
        return self.departed_on + timedelta(days=self.recorded_after)

    @property
    def mended_on(self) -> date:
        """When the recording is corrected or voided, where it has to be."""
        return self.recorded_on + timedelta(days=self.mended_after)

    @property
    def right_on(self) -> date:
        """From when on what is recorded is right."""
        return self.mended_on if self.voided or self.first_recorded_as else self.recorded_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    seed: int
    scale: int
    people: Sequence[Person]
    voyages: Sequence[Voyage]  # by departure; adopted ones first

    def departing(self, first: date, last: date) -> list[Voyage]:
        return [voyage for voyage in self.voyages if not voyage.adopted and first <= voyage.departed_on <= last]

    def returning(self, first: date, last: date) -> list[Voyage]:
        return [voyage for voyage in self.voyages if voyage.returned_on is not None and first <= voyage.returned_on <= last]

    def abroad_in(self, period: Period) -> list[Voyage]:
        """Who has at least one paid day in the month."""
        start, end = first_day(period), last_day(period)
        return [
            voyage
            for voyage in self.voyages
            if not voyage.voided and voyage.departed_on <= end and (voyage.returned_on is None or voyage.returned_on >= start)
        ]


def months(first: Period = FIRST, last: Period = LAST) -> Iterator[Period]:
    while first <= last:
        yield first
        first = next_period(first)


def published_on(year: int) -> date:
    """The day on which the figures of a year are published and the year is closed."""
    return date(year + 1, 1, 31)


def plan(seed: int, scale: int = 1000) -> Plan:
    """The whole programme. `scale` persons of the published figures are one person here."""
    rng = random.Random(seed)
    people = _People(rng)
    adopted = [_adopted(rng, people, number) for number in range(_scaled(STOCK["2016-12"], scale))]
    departures = _departures(rng, people, scale, len(adopted))
    _second_journeys(rng, departures)
    _returns(rng, [*adopted, *departures], scale)
    _mishaps(rng, departures)
    _after_publication(rng, departures)
    voided = [_phantom(rng, people, len(adopted) + len(departures) + extra, year) for extra, year in enumerate(PUBLISHED_YEARS)]
    voyages = sorted([*adopted, *departures, *voided], key=lambda voyage: (voyage.departed_on, voyage.number))
    travelling = {voyage.person.number: voyage.person for voyage in voyages}
    return Plan(seed=seed, scale=scale, people=[travelling[number] for number in sorted(travelling)], voyages=voyages)


def _scaled(persons: int, scale: int) -> int:
    return (persons * 2 + scale) // (2 * scale)


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of `total` in proportion to the weights, adding up exactly (largest cumulative rounding)."""
    cumulated, all_weights = 0, sum(weights)
    bounds = [0]
    for weight in weights:
        cumulated += weight
        bounds.append((2 * total * cumulated + all_weights) // (2 * all_weights))
    return [after - before for before, after in pairwise(bounds)]


def monthly_departures(scale: int) -> dict[Period, int]:
    """Departures per month: the published cumulative points, the season in between."""
    found: dict[Period, int] = {}
    for year in YEARS:
        before_month, before = 0, 0
        for point, persons in DISPATCHED.items():
            if not point.startswith(str(year)):
                continue
            month, total = int(point[5:]), _scaled(persons, scale)
            parts = spread(total - before, SEASON[before_month:month])
            found |= {Period(f"{year}-{before_month + 1 + index:02d}"): part for index, part in enumerate(parts)}
            before_month, before = month, total
    return found


def monthly_returns(scale: int) -> dict[Period, int]:
    """Returns per month, so that the stock meets every published point: stock before + departures - returns = stock after."""
    departures = monthly_departures(scale)
    found: dict[Period, int] = {}
    for (before, stock_before), (after, stock_after) in pairwise(STOCK.items()):
        span = list(months(next_period(Period(before)), Period(after)))
        total = _scaled(stock_before, scale) + sum(departures[month] for month in span) - _scaled(stock_after, scale)
        found |= dict(zip(span, spread(total, [1] * len(span)), strict=True))
    return found


def _drawn(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


class _People:
    """Draws people of a county, no document number twice."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0
        self.poverty: dict[bool, list[str]] = {True: [], False: []}
        self.others: dict[str, list[str]] = {}
        for code, county in sorted(reference.counties().items()):
            belt = reference.region(county.province)
            if county.listed is not None:
                self.poverty[belt in ("central", "west")].append(code)
            else:
                self.others.setdefault(county.province, []).append(code)

    def county(self, *, poverty: bool, central_west: bool) -> str:
        if poverty:
            return self.rng.choice(self.poverty[central_west])
        return self.rng.choice(self.others[_drawn(self.rng, PROVINCES)])

    def draw(self, county: str, occupation: str, departed_on: date) -> Person:
        rng, number = self.rng, self.count
        self.count += 1
        # 18 at any registration here, and not 60 before the last possible day of the programme.
        birth = date(departed_on.year - rng.randint(24, 48), rng.randint(1, 12), rng.randint(1, 28))
        sex = "female" if rng.random() < 0.25 else "male"
        return Person(
            number=number,
            name=rng.choice(SURNAMES) + rng.choice(GIVEN) + rng.choice(GIVEN),
            id_number=_id_number(number, birth, sex),
            birth_date=birth,
            sex=sex,
            county=county,
            occupation=occupation,
            education=rng.choice((2, 2, 3, 3, 4)),
            household_status=rng.choice(("registered_poor", "not_registered")),
        )


def _id_number(number: int, birth: date, sex: str) -> str:
    """A formally valid number of nobody: the place prefix walks through the counties so that none comes up twice."""
    codes = sorted(reference.counties())
    prefix, rest = codes[number % len(codes)], number // len(codes)
    body = f"{prefix}{birth:%Y%m%d}{(2 * rest + (sex == 'male')) % 1000:03d}"
    weighted = sum(int(digit) * pow(2, 17 - index, 11) for index, digit in enumerate(body))
    return body + "10X98765432"[weighted % 11]


def _voyage(
    rng: random.Random, people: _People, number: int, departed_on: date, channel: Channel, *, poverty: bool, central_west: bool
) -> Voyage:
    destination, occupation = _drawn(rng, DESTINATIONS[channel]), _drawn(rng, OCCUPATIONS[channel])
    county = people.county(poverty=poverty, central_west=central_west)
    mean = WAGE_POVERTY if poverty else WAGE_OTHER
    return Voyage(
        number=number,
        person=people.draw(county, occupation, departed_on),
        departed_on=departed_on,
        destination=destination,
        occupation=occupation,
        channel=channel,
        enterprise=(sum(map(ord, destination)) + (channel is Channel.CONTRACTED_PROJECT)) % ENTERPRISES,
        wage_minor=mean * rng.randint(90, 110) // 100 // 1000 * 1000,
        poverty=poverty,
        recorded_after=rng.choice((0, 1, 1, 2, 3)),
    )


def _adopted(rng: random.Random, people: _People, number: int) -> Voyage:
    departed_on = date(2016, 12, 31) - timedelta(days=rng.randint(0, 900))
    channel = Channel.CONTRACTED_PROJECT if rng.random() < 0.43 else Channel.LABOUR_COOPERATION
    voyage = _voyage(rng, people, number, departed_on, channel, poverty=rng.random() < 0.08, central_west=rng.random() < 0.76)
    voyage.adopted = True
    return voyage


def _departures(rng: random.Random, people: _People, scale: int, first_number: int) -> list[Voyage]:
    by_month = monthly_departures(scale)
    totals = [_scaled(DISPATCHED[f"{year}-12"], scale) for year in YEARS]
    voyages: list[Voyage] = []
    for year, total, poor in zip(YEARS, totals, spread(_scaled(FROM_POVERTY_COUNTIES, scale), totals), strict=True):
        days = [
            date(year, int(period[5:]), rng.randint(1, last_day(period).day))
            for period in by_month
            if period.startswith(str(year))
            for _ in range(by_month[period])
        ]
        channels = _channels(rng, year, by_month, scale)
        poverty = _shuffled(rng, [True] * poor + [False] * (total - poor))
        central_west = iter(_shuffled(rng, [index < poor * CENTRAL_WEST_SHARE // 100 for index in range(poor)]))
        for day, channel, is_poor in zip(sorted(days), channels, poverty, strict=True):
            number = first_number + len(voyages)
            inland = next(central_west) if is_poor else False
            voyages.append(_voyage(rng, people, number, day, channel, poverty=is_poor, central_west=inland))
    return voyages


def _channels(rng: random.Random, year: int, by_month: dict[Period, int], scale: int) -> list[Channel]:
    """The channel of every departure of a year, in the order of their days: split as published at every published point."""
    found: list[Channel] = []
    before_month, before = 0, 0
    for point, persons in CONTRACTED.items():
        if point.startswith(str(year)):
            month, contracted = int(point[5:]), _scaled(persons, scale)
            departing = sum(by_month[Period(f"{year}-{number:02d}")] for number in range(before_month + 1, month + 1))
            projects = contracted - before
            found += _shuffled(rng, [Channel.CONTRACTED_PROJECT] * projects + [Channel.LABOUR_COOPERATION] * (departing - projects))
            before_month, before = month, contracted
    return found


def _shuffled(rng: random.Random, items: list[T]) -> list[T]:
    rng.shuffle(items)
    return items


def _second_journeys(rng: random.Random, voyages: list[Voyage]) -> None:
    """About 3 % of a year's departures are the second of the same person: home by the end of the next quarter, out again later."""
    for year in YEARS:
        early = [v for v in voyages if v.departed_on.year == year and v.departed_on.month <= 3 and not v.poverty]
        late = [v for v in voyages if v.departed_on.year == year and v.departed_on.month >= 10 and not v.poverty]
        pairs = min(len(early), len(late), max(1, sum(v.departed_on.year == year for v in voyages) * 3 // 100))
        for first, second in zip(rng.sample(early, pairs), rng.sample(late, pairs), strict=True):
            first.returned_on = last_day(period_of(first.departed_on)) + timedelta(days=rng.randint(20, 80))
            second.person, second.again = first.person, True


def _returns(rng: random.Random, voyages: list[Voyage], scale: int) -> None:
    """Who comes home when: as many a month as the stock demands, those longest abroad first, with some chance in it."""
    abroad = sorted((v for v in voyages if v.returned_on is None), key=lambda v: (v.departed_on, v.number))
    fixed = [v.returned_on for v in voyages if v.returned_on is not None]
    for period, needed in monthly_returns(scale).items():
        start, end = first_day(period), last_day(period)
        wanted = needed - sum(start <= day <= end for day in fixed)
        eligible = [v for v in abroad if v.departed_on < start - timedelta(days=60)]
        chosen = rng.sample(eligible[: 3 * max(wanted, 1)], wanted)
        for voyage in chosen:
            voyage.returned_on = start + timedelta(days=rng.randrange(end.day))
        gone = {voyage.number for voyage in chosen}
        abroad = [v for v in abroad if v.number not in gone]


def _mishaps(rng: random.Random, voyages: list[Voyage]) -> None:
    """What real recording looks like; none of it changes what finally counts."""
    plain = [v for v in voyages if v.returned_on is None or (v.returned_on - v.departed_on).days > 200]
    late, wrong_place, wrong_day, twice, short = (rng.sample(plain, 8) for _ in range(5))
    for voyage in late:
        voyage.recorded_after = rng.randint(40, 75)
    for voyage in wrong_place:
        others = [code for code in DESTINATIONS[voyage.channel] if code != voyage.destination]
        voyage.first_recorded_as["port"] = "CNTAO"
        voyage.first_recorded_as["destination"] = rng.choice(others)
    for voyage in wrong_day:
        voyage.first_recorded_as["departed_on"] = (voyage.departed_on + timedelta(days=1)).isoformat()
        voyage.recorded_after = max(voyage.recorded_after, 2)
    for voyage in twice:
        voyage.sent_twice = True
    short[0].short_in = next_period(next_period(period_of(short[0].departed_on)))


def _after_publication(rng: random.Random, voyages: list[Voyage]) -> None:
    """What is known only when a year is published already: departures of December recorded late, or into the wrong year."""
    journeys = Counter(v.person.number for v in voyages)
    for year in PUBLISHED_YEARS:
        december = [
            v
            for v in voyages
            if v.departed_on.year == year and v.departed_on.month == 12 and v.right_on <= date(year + 1, 1, 20)
            if journeys[v.person.number] == 1
            and not v.first_recorded_as
            and (v.returned_on is None or (v.returned_on - v.departed_on).days > 200)
        ]
        chosen = rng.sample(december, min(4, len(december)))
        for voyage in chosen[:2]:
            voyage.recorded_after = (_weeks_after_publication(rng, year) - voyage.departed_on).days
        for voyage in chosen[2:]:
            voyage.departed_on, voyage.recorded_after = date(year, 12, 31), 2
            voyage.first_recorded_as["departed_on"] = date(year + 1, 1, 1).isoformat()
            voyage.mended_after = (_weeks_after_publication(rng, year) - voyage.recorded_on).days


def _weeks_after_publication(rng: random.Random, year: int) -> date:
    return published_on(year) + timedelta(days=rng.randint(5, 25))


def _phantom(rng: random.Random, people: _People, number: int, year: int) -> Voyage:
    """A departure that is recorded, published and turns out never to have happened."""
    day = date(year, 12, rng.randint(1, 20))
    voyage = _voyage(rng, people, number, day, Channel.LABOUR_COOPERATION, poverty=False, central_west=False)
    voyage.voided = True
    voyage.mended_after = (_weeks_after_publication(rng, year) - voyage.recorded_on).days
    return voyage
