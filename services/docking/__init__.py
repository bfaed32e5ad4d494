"""docking: demand meets supply, up to departure and return.

Owns     enterprises and their reserve, job orders and their positions, proposals, placements, clearances, dispatches.
Out      EnterpriseQualified, ReserveDeposited, JobOrderOpened/Closed/Expired, MatchedToEnterprise, ContractRegistered,
         InsuranceBound, ClearanceRequested/Granted/Refused/Withdrawn, PlacementCancelled, Dispatched, Returned,
         DispatchCorrected, DispatchVoided (topic docking.events; subject: enterprise, order or placement).
In       registration: WorkerRegistered, WorkerVerified, WillingnessRecorded/Withdrawn/Expired (who may be matched),
         WorkerCorrected, ResidenceChanged, HouseholdStatusChanged (departures on record follow),
         WorkerSuspended/Reinstated, RegistrationLapsed;
         training: CertificateIssued, CertificateRevoked (the clearance saga); rights: CaseOpened, CaseClosed (blocking cases);
         stats: QuotaStatusChanged (the weight of the quota gap in matching).
"""
