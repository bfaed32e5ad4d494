-- Either side may decline a match. Who declined is not proposed for the same order again, unless by name.
ALTER TABLE proposal
    DROP CONSTRAINT proposal_state,
    ADD CONSTRAINT proposal_state CHECK (state IN ('proposed', 'accepted', 'declined', 'expired'));
CREATE INDEX proposal_declined ON proposal (job_order, worker) WHERE state = 'declined';
