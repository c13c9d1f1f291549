CREATE TABLE privacy_request (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	patient_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	words TEXT NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	received_by UUID NOT NULL, 
	due_on DATE NOT NULL, 
	state VARCHAR NOT NULL, 
	answer TEXT NOT NULL, 
	answered_at TIMESTAMP WITH TIME ZONE, 
	answered_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id)
);

CREATE INDEX ix_privacy_request_patient ON privacy_request (unit_id, patient_id);

CREATE INDEX ix_privacy_request_state ON privacy_request (unit_id, state, due_on);

ALTER TABLE privacy_request ENABLE ROW LEVEL SECURITY;

ALTER TABLE privacy_request FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON privacy_request USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON privacy_request TO his_app, his_worker;
