"""docking: demand meets supply, up to departure and return.

Owns     enterprises, their reserve and accompanying managers, employers, docking fairs and intentions, job orders and their
         positions, proposals, placements, declared fees, clearances, dispatches.
Out      enterprises: EnterpriseQualified/Renewed/Suspended/Reinstated/Expired/Stopped/Revoked,
         ReserveDeposited/Drawn/DrawRefused/Restored, ManagersFiled/Withdrawn/Missing/MissingCleared, EmployerRegistered,
         NoticePublished/Withdrawn,
         fairs: DockingFairHeld/Corrected/Voided, IntentionRecorded/Corrected/Voided/Matched/Released,
         orders: JobOrderOpened/Amended/Closed/Expired, MatchDeclined/Expired, MergeHeld/Resumed,
         placements: MatchedToEnterprise, ContractRegistered, FeeDeclared/Corrected/Voided, MedicalRecorded, InsuranceBound,
         ClearanceRequested/Granted/Refused/Withdrawn, PlacementCancelled,
         Dispatched, ArrivalConfirmed/Corrected/Voided, ContractExtended, ExtensionVoided, EmployerTransferred, TransferVoided,
         Returned, ReturnCorrected, DispatchCorrected, DispatchVoided
         (topic docking.events; subject: enterprise, employer, fair, intention, notice, order, match or placement).
In       registration: WorkerRegistered, WorkerVerified, WillingnessRecorded/Withdrawn/Expired (who may be matched),
         WorkerCorrected, ResidenceChanged, HouseholdStatusChanged (departures on record follow),
         WorkersMerged, WorkerSuspended/Reinstated/Erased, RegistrationLapsed;
         training: CertificateIssued/Corrected/Revoked/Expired (the clearance saga);
         rights: CaseOpened/Triaged/Closed/Reopened (blocking cases), CaseDeadlineMissed, WageShortfallDetected/Cleared (scorecards),
         ReserveDrawRequested/Withdrawn (settlements that the reserve pays), EmergencyDeclared/Ended (no clearance for the country),
         RepatriationCompleted (the return);
         stats: QuotaStatusChanged (the weight of the quota gap in matching).
"""
