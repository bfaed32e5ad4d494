"""rights: what workers are paid, and what is done when they are not.

Owns: the wage ledger of every placement, income reports, shortfall findings, payroll files, cases.
Events out: IncomeReported, IncomeCorrected, IncomeVoided, WageShortfallDetected, WageShortfallCleared,
RecruitmentCostAssessed, CaseOpened, CaseAnswered, CaseDeadlineMissed, CaseClosed, CasesGrouped.
Events in (docking): ContractRegistered, Dispatched, Returned, ReturnCorrected, DispatchCorrected, DispatchVoided.
"""
