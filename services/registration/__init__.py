"""registration: who can go abroad to work, and wants to.

Owns    workers (number, codes, assurance), their willingness, imports of worker lists, surveys of counties, announcements and
        their reach, and every name, document number and phone of the programme: one ciphertext per worker under a key per worker
        (personal_data/vault.py); none of it leaves this database; who read whose, when and why; and pairs of registrations that
        may be one person's
Out     WorkerRegistered, WorkerVerified, WorkerCorrected, ResidenceChanged, HouseholdStatusChanged, WorkerSuspended,
        WorkerReinstated, RegistrationLapsed, WorkerErased, WillingnessRecorded / Withdrawn / Expired, ImportCompleted,
        DuplicateSuspected, WorkersMerged, SurveyRecorded, SurveyCorrected, SurveyVoided, AnnouncementPublished, OutreachRecorded,
        OutreachCorrected, OutreachVoided
In      docking: MatchedToEnterprise, ContractRegistered, PlacementCancelled, Dispatched, DispatchCorrected, DispatchVoided, Returned,
        ReturnCorrected (who has left is no longer on offer; who is on the way or abroad is not erased), MergeHeld,
        MergeResumed
"""
