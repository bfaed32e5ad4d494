"""training: no training, no dispatch (Decree 620, article 12).

Owns: the licences of training centres, courses, sessions and their seats, what every placement still needs, attendance, assessments,
certificates.
Events out: CentreLicensed, CentreRenewed, CentreStaffed, CentreSuspended, CentreReinstated, CentreRevoked, CoursePublished,
CourseScheduled, SessionCancelled, WorkerEnrolled, EnrolmentCancelled, AttendanceRecorded, AssessmentRecorded, AttendanceOverlapFlagged,
AssessmentHeld, FindingDecided, CertificateIssued, CertificateRevoked, CertificateExpired, AttendanceCorrected, AssessmentCorrected,
CertificateCorrected, PriorLearningRecognised.
Events in (docking): MatchedToEnterprise (a need, a seat), PlacementCancelled (frees the seat), Dispatched (the need is over);
(registration): WorkersMerged (whatever is the absorbed worker's is the survivor's), WorkerErased (what was explained of the worker goes).
"""
