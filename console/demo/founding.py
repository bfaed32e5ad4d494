"""Before the first day: the programme at the scale of the demo, enterprises, courses, and who is abroad already."""

from __future__ import annotations

from collections import Counter
from datetime import date

from console.api_client import wait_until_applied
from console.demo.registering import register
from console.demo.simulation import ENTERPRISES, Voyage
from console.demo.world import CENTRE, MINUTES_A_DAY, SESSION_DAYS, TRAINERS, World, batched, contract_body, ordered_destination, port
from shared.principals import Role
from shared.values import Channel

MOST_WITHOUT_MANAGERS = 100
_NAMES = ("齐鲁", "黄河", "泰山", "渤海", "胶东", "沂蒙", "崂山", "蓬莱")
_CENTRE_LICENCE = {
    "centre": CENTRE,
    "licence_no": "37001",
    "region": "370000",
    "valid_from": "2016-01-01",
    "valid_to": "2021-12-31",
    "capacity": 100_000,
    "trainers": ["local-trainer", *TRAINERS],
    "assessors": ["local-assessor", "zhao.lei"],
}


async def create_enterprises(world: World) -> None:
    await _scale_programme(world)
    officer = world.on(date(2016, 12, 1))
    for number in range(ENTERPRISES):
        entered = await officer.post(
            "docking",
            "/enterprises",
            {
                "name": f"{_NAMES[number]}对外劳务合作有限公司（模拟）",
                "licence_no": f"LW37002015{number + 1:04d}",
                "scope": [channel.value for channel in Channel],
                "valid_to": "2021-12-31",
            },
            f"enterprise-{number}",
        )
        world.enterprises.append(entered["enterprise"])
        deposit = {"amount": {"minor": 500_000_000, "currency": "CNY"}}
        await officer.post("docking", f"/enterprises/{entered['enterprise']}/reserve", deposit, f"reserve-{number}")
    await _file_managers(world)
    await officer.post("training", "/centres", _CENTRE_LICENCE, "centre")
    trainer = officer.as_role(Role.TRAINER, CENTRE)
    pairs = sorted({(ordered_destination(v), v.occupation) for v in world.plan.voyages if not v.adopted})
    for destination, occupation in pairs:
        course = {"destination": destination, "occupation": occupation, "minimum_minutes": SESSION_DAYS * MINUTES_A_DAY}
        entered = await trainer.post("training", "/courses", course, f"course-{destination}-{occupation}")
        world.courses[destination, occupation] = entered["course"]


async def _file_managers(world: World) -> None:
    """Where an enterprise may come to have more than 100 workers in one country (E7)."""
    sent = Counter((voyage.enterprise, voyage.destination) for voyage in world.plan.voyages)
    officer = world.on(date(2016, 12, 1))
    for (enterprise, destination), workers in sorted(sent.items()):
        if workers > MOST_WITHOUT_MANAGERS:
            filing = {"destination": destination, "filing_no": f"SIM-{enterprise}-{destination}", "managers": 1 + workers // 500}
            await officer.post(
                "docking", f"/enterprises/{world.enterprises[enterprise]}/managers", filing, f"managers-{enterprise}-{destination}"
            )


async def _scale_programme(world: World) -> None:
    """The targets at the scale that is played; quotas are shares and stay."""
    officer = world.on(date(2016, 12, 1))
    versions = await officer.get("stats", "/programmes/2017-2020")
    plan = versions[0]["plan"]
    for target in plan["targets"]:
        target["floor"] //= world.plan.scale
        target["stretch"] = target["stretch"] and target["stretch"] // world.plan.scale
    await officer.post("stats", "/programmes", {"plan": plan, "reason": f"按 1:{world.plan.scale} 模拟"}, "programme")


async def adopt(world: World) -> None:
    adopted = [voyage for voyage in world.plan.voyages if voyage.adopted]
    await register(world, adopted, date(2016, 12, 5), "adopted", willing=False)
    await wait_until_applied(world.client, "registration", "docking")
    for number, rows in enumerate(batched(adopted, 200)):
        body = {"rows": [_adoption(world, voyage) for voyage in rows]}
        answer = await world.on(date(2016, 12, 31), 20).post("docking", "/placements/adoption", body, f"adopt-{number}")
        if answer["refused"]:
            raise RuntimeError(f"adoption: {len(answer['refused'])} rows refused: {answer['refused'][:3]}")
        for voyage, placement in zip(rows, answer["placements"], strict=True):
            world.placements[voyage.number] = placement
        world.advance("adopted", len(rows))
    await wait_until_applied(world.client, "docking", "rights")


def _adoption(world: World, voyage: Voyage) -> dict[str, object]:
    return {
        "worker": world.workers[voyage.person.number],
        "enterprise": world.enterprise(voyage),
        "destination": voyage.destination,
        "occupation": voyage.occupation,
        "channel": voyage.channel.value,
        "departed_on": voyage.departed_on.isoformat(),
        "port": port(voyage),
        "contract": contract_body(voyage),
    }
