CREATE TABLE clinical_paper (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	content JSONB NOT NULL, 
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	issued_by UUID, 
	withdrawn_at TIMESTAMP WITH TIME ZONE, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_clinical_paper_kind_number_revision UNIQUE (unit_id, kind, number, revision)
);

CREATE INDEX ix_clinical_paper_visit ON clinical_paper (unit_id, encounter_id, issued_at);

CREATE TABLE hiv_record (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	content JSONB NOT NULL, 
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	issued_by UUID, 
	withdrawn_at TIMESTAMP WITH TIME ZONE, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_hiv_record_number_revision UNIQUE (unit_id, number, revision)
);

CREATE INDEX ix_hiv_record_visit ON hiv_record (unit_id, encounter_id, issued_at);

ALTER TABLE clinical_paper ENABLE ROW LEVEL SECURITY;

ALTER TABLE clinical_paper FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON clinical_paper USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE hiv_record ENABLE ROW LEVEL SECURITY;

ALTER TABLE hiv_record FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON hiv_record USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON clinical_paper TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON hiv_record TO his_app, his_worker;
