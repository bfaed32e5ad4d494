"""Steps of random histories about counties: surveys and outreach, recorded, corrected, voided, surveys also recorded again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared import events
from shared.values import new_id
from tests.support.publicity import outreach_fact
from tests.support.surveys import survey_fact
from tests.support.world import Followed, World

if TYPE_CHECKING:
    from tests.support.history import Step


def survey(world: World, step: Step) -> None:
    """A survey is recorded: a new one, or one that was voided."""
    voided = [one for one in world.surveys if one.fact is None]
    one = voided[step.pick % len(voided)] if voided and step.other % 2 else Followed(new_id(), None, step.day)
    if one not in world.surveys:
        world.surveys.append(one)
    one.fact = _survey_fact(step)
    one.published_on = max(one.published_on, step.day) + timedelta(step.late)
    world.publish(events.SurveyRecorded.model_validate({"survey": one.subject, "fact": one.fact}), one.published_on)


def survey_again(world: World, step: Step) -> None:
    """A survey that stands is superseded, moved or voided."""
    counted = [one for one in world.surveys if one.fact is not None]
    if not counted:
        return
    one = counted[step.pick % len(counted)]
    one.published_on = max(one.published_on, step.day) + timedelta(step.late)
    about = {"survey": one.subject, "previous": one.fact}
    one.fact = None if step.other % 4 == 0 else _survey_fact(step)
    if one.fact is None:
        world.publish(events.SurveyVoided.model_validate({**about, "reason": "not_held"}), one.published_on)
    else:
        world.publish(events.SurveyCorrected.model_validate({**about, "fact": one.fact, "cause": "superseded"}), one.published_on)


def _survey_fact(step: Step) -> events.SurveyFact:
    return survey_fact(step.county, step.day, step.codes, first=step.codes % 3 > 0)


def reach(world: World, step: Step) -> None:
    """An announcement has reached people of a county."""
    one = Followed(new_id(), outreach_fact(step.county, step.day, step.other, step.codes), step.day + timedelta(step.late))
    world.outreach.append(one)
    world.publish(events.OutreachRecorded.model_validate({"outreach": one.subject, "fact": one.fact}), one.published_on)


def reach_again(world: World, step: Step) -> None:
    """What was recorded of it is corrected or voided."""
    counted = [one for one in world.outreach if one.fact is not None]
    if not counted:
        return
    one = counted[step.pick % len(counted)]
    one.published_on = max(one.published_on, step.day) + timedelta(step.late)
    about = {"outreach": one.subject, "previous": one.fact}
    one.fact = None if step.other % 4 == 0 else outreach_fact(step.county, step.day, step.other, step.codes)
    if one.fact is None:
        world.publish(events.OutreachVoided.model_validate({**about, "reason": "not_held"}), one.published_on)
    else:
        world.publish(events.OutreachCorrected.model_validate({**about, "fact": one.fact, "reason": "mistyped"}), one.published_on)
