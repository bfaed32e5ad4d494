"""What training decides, without I/O: courses, sessions, the state machines of a need and an enrolment, certificates."""
