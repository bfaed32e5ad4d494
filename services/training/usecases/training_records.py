"""A worker's training, whole."""

from __future__ import annotations

from services.training.domain.errors import WorkerNotFound
from services.training.queries import certificates, enrolments, merges, needs, recognitions
from services.training.usecases.scope import require_counties
from services.training.views.certificates import Certificate
from services.training.views.enrolments import Enrolment
from services.training.views.needs import Need
from services.training.views.recognitions import Recognition
from services.training.views.training_records import TrainingRecord
from shared.db import Tx
from shared.values import WorkerId

MOST = 500  # rows of each kind


async def show_training(tx: Tx, worker: WorkerId) -> TrainingRecord:
    """Under any number the worker has had. Raises WorkerNotFound, Forbidden."""
    worker = await merges.get_current(tx, worker)
    known = await needs.list_of_worker(tx, worker, MOST)
    if not known:
        raise WorkerNotFound
    require_counties(tx.principal, known[-1:])
    today = tx.clock.today()
    recognised = await recognitions.list_of_worker(tx, worker, MOST)
    serials = await certificates.get_serials(tx, [one.id for one in recognised])
    return TrainingRecord(
        worker=worker,
        needs=tuple(map(Need.from_need, known)),
        recognitions=tuple(Recognition.from_recognition(one, serials.get(one.id)) for one in recognised),
        enrolments=tuple(
            Enrolment.from_enrolment(one, one.serial, one.worker_no) for one in await enrolments.list_of_worker(tx, worker, MOST)
        ),
        certificates=tuple(Certificate.from_certificate(one, today) for one in await certificates.list_of_worker(tx, worker, MOST)),
    )
