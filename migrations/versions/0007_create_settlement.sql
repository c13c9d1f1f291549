CREATE TABLE settlement (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	payer_id INTEGER NOT NULL,
	period VARCHAR NOT NULL,
	unit_code VARCHAR NOT NULL,
	unit_name VARCHAR NOT NULL,
	form VARCHAR NOT NULL,
	definition VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	revision INTEGER NOT NULL,
	cases INTEGER NOT NULL,
	total_hospital NUMERIC(18, 2) NOT NULL,
	total_covered NUMERIC(18, 2) NOT NULL,
	asked NUMERIC(18, 2) NOT NULL,
	copayment NUMERIC(18, 2) NOT NULL,
	self_paid NUMERIC(18, 2) NOT NULL,
	other_sources NUMERIC(18, 2) NOT NULL,
	approved NUMERIC(18, 2) NOT NULL,
	reduced NUMERIC(18, 2) NOT NULL,
	left_cases INTEGER NOT NULL,
	left_asked NUMERIC(18, 2) NOT NULL,
	paid NUMERIC(18, 2) NOT NULL,
	figures JSONB NOT NULL,
	sha256 VARCHAR NOT NULL,
	source_sha256 VARCHAR NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE,
	sent_by UUID,
	agreed_at TIMESTAMP WITH TIME ZONE,
	agreed_by UUID,
	locked_at TIMESTAMP WITH TIME ZONE,
	locked_by UUID,
	settled_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (unit_id, id),
	CONSTRAINT uq_settlement_period UNIQUE (unit_id, period)
);

CREATE INDEX ix_settlement_payer ON settlement (payer_id, period, state);

CREATE TABLE settlement_event (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	payer_id INTEGER NOT NULL,
	settlement_id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor UUID,
	actor_name VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	note TEXT NOT NULL,
	basis TEXT NOT NULL,
	revision INTEGER NOT NULL,
	sha256 VARCHAR NOT NULL,
	source_sha256 VARCHAR NOT NULL,
	definition VARCHAR NOT NULL,
	figures JSONB NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, settlement_id) REFERENCES settlement (unit_id, id)
);

CREATE INDEX ix_settlement_event ON settlement_event (unit_id, settlement_id, at);

CREATE TABLE settlement_payment (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	payer_id INTEGER NOT NULL,
	settlement_id UUID NOT NULL,
	position INTEGER NOT NULL,
	amount NUMERIC(18, 2) NOT NULL,
	paid_on DATE NOT NULL,
	reference VARCHAR NOT NULL,
	key VARCHAR NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	recorded_by UUID,
	recorder VARCHAR NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, settlement_id) REFERENCES settlement (unit_id, id),
	CONSTRAINT uq_settlement_payment_key UNIQUE (unit_id, key),
	CONSTRAINT uq_settlement_payment_settlement_id_reference UNIQUE (unit_id, settlement_id, reference)
);

CREATE TABLE settlement_entry (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	payer_id INTEGER NOT NULL,
	settlement_id UUID NOT NULL,
	position INTEGER NOT NULL,
	sign INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	case_id UUID NOT NULL,
	claim_id UUID NOT NULL,
	dossier_code VARCHAR NOT NULL,
	number VARCHAR NOT NULL,
	period VARCHAR NOT NULL,
	care_setting VARCHAR NOT NULL,
	total_hospital NUMERIC(18, 2) NOT NULL,
	total_covered NUMERIC(18, 2) NOT NULL,
	asked NUMERIC(18, 2) NOT NULL,
	copayment NUMERIC(18, 2) NOT NULL,
	self_paid NUMERIC(18, 2) NOT NULL,
	other_sources NUMERIC(18, 2) NOT NULL,
	approved NUMERIC(18, 2) NOT NULL,
	reduced NUMERIC(18, 2) NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, settlement_id) REFERENCES settlement (unit_id, id),
	FOREIGN KEY(unit_id, case_id) REFERENCES review_case (unit_id, id),
	CONSTRAINT uq_settlement_entry_settlement_id_position UNIQUE (unit_id, settlement_id, position)
);

CREATE INDEX ix_settlement_entry_case ON settlement_entry (unit_id, case_id);

ALTER TABLE settlement ENABLE ROW LEVEL SECURITY;

ALTER TABLE settlement FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON settlement USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON settlement USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE settlement_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE settlement_event FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON settlement_event USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON settlement_event USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE settlement_payment ENABLE ROW LEVEL SECURITY;

ALTER TABLE settlement_payment FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON settlement_payment USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON settlement_payment USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE settlement_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE settlement_entry FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON settlement_entry USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON settlement_entry USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON settlement TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON settlement_event TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON settlement_payment TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON settlement_entry TO his_app, his_worker;

REVOKE UPDATE, DELETE ON settlement_entry, settlement_event, settlement_payment FROM his_app, his_worker;
