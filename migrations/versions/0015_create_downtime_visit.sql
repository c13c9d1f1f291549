CREATE TABLE downtime_visit (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	slip VARCHAR NOT NULL,
	name TEXT NOT NULL,
	birth VARCHAR NOT NULL,
	gender VARCHAR NOT NULL,
	phone VARCHAR NOT NULL,
	number VARCHAR NOT NULL,
	reason TEXT NOT NULL,
	arrived_at TIMESTAMP WITH TIME ZONE NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_by VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	why VARCHAR NOT NULL,
	said TEXT NOT NULL,
	encounter_id UUID,
	patient_id UUID,
	outcome VARCHAR NOT NULL,
	decided_at TIMESTAMP WITH TIME ZONE,
	decided_by VARCHAR NOT NULL,
	discard_reason TEXT NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id),
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id)
);

CREATE INDEX ix_downtime_visit_received ON downtime_visit (unit_id, received_at);

CREATE INDEX ix_downtime_visit_waiting ON downtime_visit (unit_id, arrived_at) WHERE state = 'waiting';

ALTER TABLE downtime_visit ENABLE ROW LEVEL SECURITY;

ALTER TABLE downtime_visit FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON downtime_visit USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON downtime_visit TO his_app, his_worker;
