-- The match that a placement came from: declining it cancels that placement, and no other of the same worker and order.
ALTER TABLE placement ADD match uuid REFERENCES proposal;    -- null: adopted abroad, or no longer only matched when this was added
UPDATE placement SET match = newest.id
FROM (
    SELECT DISTINCT ON (job_order, worker) id, job_order, worker FROM proposal WHERE state = 'accepted' ORDER BY job_order, worker, id DESC
) AS newest
WHERE placement.state = 'matched' AND newest.job_order = placement.job_order AND newest.worker = placement.worker;
CREATE UNIQUE INDEX placement_of_match ON placement (match);
