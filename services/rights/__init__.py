"""rights: what workers are paid, and what is done when they are not; who is abroad in an emergency, and who comes home from it.

Owns: the wage ledger of every placement, income reports, shortfall findings, payroll files, cases, settlements, emergencies and their
roll-calls, repatriations.
Events out: IncomeReported, IncomeCorrected, IncomeVoided, WageShortfallDetected, WageShortfallCleared,
RecruitmentCostAssessed, CaseOpened, CaseEvidenceAdded, CaseTriaged, CaseAssigned, CasePaused, CaseResumed, CaseAnswered,
CaseDeadlineMissed, CaseEscalated, CaseResponseRequested, CaseResponseReceived, CaseOfferRecorded, CaseSettled,
CaseSettlementRefused, CaseClosureAsked, CaseClosed, CaseReopened, CasesGrouped, ReserveDrawRequested, ReserveDrawWithdrawn,
EmergencyDeclared, EmergencyEnded, WorkerToAccountFor, WorkerAccountedFor, RepatriationRequested, RepatriationApproved,
RepatriationRefused, RepatriationCompleted, OrphanResolved.
Events in (docking): ContractRegistered, FeeDeclared, FeeCorrected, FeeVoided, Dispatched, Returned, ReturnCorrected, DispatchCorrected,
DispatchVoided, EmployerTransferred, TransferVoided, ArrivalConfirmed, ArrivalCorrected (terms that differ),
EnterpriseQualified, EnterpriseRenewed (the seat), ReserveDrawn, ReserveDrawRefused (settlements);
(registration): WorkersMerged (the ledgers of the absorbed worker are the survivor's), WorkerErased (what was written of the worker goes).
"""
