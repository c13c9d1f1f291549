CREATE INDEX ix_encounter_closed ON encounter (unit_id, closed_at) WHERE coverage_id IS NOT NULL;

ALTER TABLE claim ADD COLUMN department_code VARCHAR NOT NULL DEFAULT '';
ALTER TABLE claim ALTER COLUMN department_code DROP DEFAULT;
ALTER TABLE claim ADD COLUMN ended_at TIMESTAMP WITH TIME ZONE;

-- Claims of before: the owner fills them in, which forced row-level security would hide from it.
ALTER TABLE claim NO FORCE ROW LEVEL SECURITY;
ALTER TABLE encounter NO FORCE ROW LEVEL SECURITY;
UPDATE claim SET department_code = e.department_code, ended_at = e.ended_at
FROM encounter e WHERE e.unit_id = claim.unit_id AND e.id = claim.encounter_id;
ALTER TABLE claim FORCE ROW LEVEL SECURITY;
ALTER TABLE encounter FORCE ROW LEVEL SECURITY;

CREATE INDEX ix_claim_desk ON claim (unit_id, period, state, department_code) INCLUDE (insurer_share);

CREATE INDEX ix_claim_number ON claim (unit_id, number);

CREATE INDEX ix_claim_recent ON claim (unit_id, period, sealed_at, id);

CREATE TABLE claim_proof (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	period VARCHAR NOT NULL, 
	proved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	claims INTEGER NOT NULL, 
	insurer_share NUMERIC(18, 2) NOT NULL, 
	difference_count INTEGER NOT NULL, 
	differences JSONB NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_claim_proof_period UNIQUE (unit_id, period)
);

ALTER TABLE claim_proof ENABLE ROW LEVEL SECURITY;

ALTER TABLE claim_proof FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON claim_proof USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON claim_proof TO his_app, his_worker;
