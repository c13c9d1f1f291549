DROP INDEX ix_review_case_card;

DROP INDEX ix_review_case_payer;

DROP INDEX ix_review_event_case;

DROP INDEX ix_review_line_case;

ALTER TABLE review_case ADD COLUMN unit_level VARCHAR DEFAULT '' NOT NULL;

ALTER TABLE review_case ADD COLUMN category VARCHAR DEFAULT '' NOT NULL;

ALTER TABLE review_case ADD COLUMN open BOOLEAN DEFAULT true NOT NULL;

ALTER TABLE review_case ADD COLUMN flagged BOOLEAN DEFAULT false NOT NULL;

ALTER TABLE review_case ADD COLUMN error_count INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN draw INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN asked_vnd BIGINT DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN band INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN deviation INTEGER;

ALTER TABLE review_case ADD COLUMN visits_before INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN assigned_to UUID;

ALTER TABLE review_case ADD COLUMN answer_due_on DATE;

ALTER TABLE review_case ADD COLUMN disputes INTEGER DEFAULT 0 NOT NULL;

ALTER TABLE review_case ADD COLUMN proposed_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE review_case ADD COLUMN proposed_by UUID;

ALTER TABLE review_case ADD COLUMN confirmed_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE review_case ADD COLUMN confirmed_by UUID;

ALTER TABLE review_case ADD COLUMN told JSONB DEFAULT '{}' NOT NULL;

ALTER TABLE review_case ADD COLUMN proofs JSONB DEFAULT '[]' NOT NULL;

ALTER TABLE review_line ADD COLUMN answered_by UUID;

ALTER TABLE review_line ADD COLUMN reply VARCHAR DEFAULT '' NOT NULL;

ALTER TABLE review_line ADD COLUMN doctor VARCHAR DEFAULT '' NOT NULL;

ALTER TABLE review_line ADD COLUMN atc VARCHAR DEFAULT '' NOT NULL;

ALTER TABLE review_line ADD COLUMN waiting BOOLEAN DEFAULT false NOT NULL;

ALTER TABLE review_line ADD COLUMN disputed BOOLEAN DEFAULT false NOT NULL;

ALTER TABLE review_line ADD COLUMN told JSONB DEFAULT '{}' NOT NULL;

ALTER TABLE review_line ADD COLUMN proofs JSONB DEFAULT '[]' NOT NULL;

UPDATE review_case c SET
  unit_level = coalesce((SELECT u.level FROM unit u WHERE u.id = c.unit_id), ''),
  category = left(main_diagnosis, 3),
  open = state IN ('received', 'in-review', 'asking'),
  flagged = finding_count > 0,
  asked_vnd = round(asked),
  band = CASE WHEN asked < 100000 THEN 0 WHEN asked < 500000 THEN 1 WHEN asked < 1000000 THEN 2
              WHEN asked < 5000000 THEN 3 WHEN asked < 20000000 THEN 4 ELSE 5 END,
  draw = (('x' || substr(encode(sha256(convert_to(period || '/' || id, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint * 10000) >> 32;

CREATE TABLE review_batch (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	payer_id INTEGER NOT NULL,
	period VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	cases INTEGER NOT NULL,
	asked NUMERIC(18, 2) NOT NULL,
	approved NUMERIC(18, 2) NOT NULL,
	reduced NUMERIC(18, 2) NOT NULL,
	proposed_at TIMESTAMP WITH TIME ZONE,
	proposed_by UUID,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	confirmed_by UUID,
	PRIMARY KEY (unit_id, id),
	CONSTRAINT uq_review_batch_payer_id_period UNIQUE (unit_id, payer_id, period)
);

CREATE TABLE review_filter (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	account_id UUID NOT NULL,
	name VARCHAR NOT NULL,
	query TEXT NOT NULL,
	PRIMARY KEY (unit_id, id),
	CONSTRAINT uq_review_filter_account_id_name UNIQUE (unit_id, account_id, name)
);

CREATE TABLE review_tally (
	unit_id INTEGER NOT NULL,
	period VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	payer_id INTEGER NOT NULL,
	unit_name VARCHAR NOT NULL,
	unit_level VARCHAR NOT NULL,
	cases INTEGER NOT NULL,
	flagged INTEGER NOT NULL,
	faulty INTEGER NOT NULL,
	lines INTEGER NOT NULL,
	decided INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	asked NUMERIC(18, 2) NOT NULL,
	approved NUMERIC(18, 2) NOT NULL,
	reduced NUMERIC(18, 2) NOT NULL,
	PRIMARY KEY (unit_id, period, kind, value)
);

CREATE TABLE review_warning (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	payer_id INTEGER NOT NULL,
	period VARCHAR NOT NULL,
	level VARCHAR NOT NULL,
	cases INTEGER NOT NULL,
	mean NUMERIC(18, 2) NOT NULL,
	mean_before NUMERIC(18, 2),
	mean_peers NUMERIC(18, 2),
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_by UUID NOT NULL,
	due_on DATE NOT NULL,
	answer TEXT NOT NULL,
	answered_at TIMESTAMP WITH TIME ZONE,
	answered_by UUID,
	PRIMARY KEY (unit_id, id),
	CONSTRAINT uq_review_warning_payer_id_period UNIQUE (unit_id, payer_id, period)
);

CREATE TABLE review_facet (
	unit_id INTEGER NOT NULL,
	case_id UUID NOT NULL,
	kind VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	payer_id INTEGER NOT NULL,
	period VARCHAR NOT NULL,
	open BOOLEAN NOT NULL,
	lines INTEGER NOT NULL,
	decided INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	asked NUMERIC(18, 2) NOT NULL,
	taken NUMERIC(18, 2) NOT NULL,
	PRIMARY KEY (unit_id, case_id, kind, value),
	FOREIGN KEY(unit_id, case_id) REFERENCES review_case (unit_id, id)
);

CREATE TABLE review_document (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	payer_id INTEGER NOT NULL,
	case_id UUID NOT NULL,
	line_id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor UUID,
	name TEXT NOT NULL,
	media_type VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	sha256 VARCHAR NOT NULL,
	content TEXT NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, line_id) REFERENCES review_line (unit_id, id)
);

CREATE TABLE review_reply (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	payer_id INTEGER NOT NULL,
	case_id UUID NOT NULL,
	line_id UUID NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	side VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	reason_code VARCHAR NOT NULL,
	words TEXT NOT NULL,
	approved NUMERIC(18, 2),
	actor UUID,
	signer VARCHAR NOT NULL,
	previous_sha256 VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, line_id) REFERENCES review_line (unit_id, id)
);

CREATE INDEX ix_review_batch_payer ON review_batch (payer_id, period);

CREATE INDEX ix_review_tally_payer ON review_tally (payer_id, period, kind, value);

CREATE INDEX ix_review_warning_payer ON review_warning (payer_id, period);

CREATE INDEX ix_review_case_all ON review_case (payer_id, period, id);

CREATE INDEX ix_review_case_answer ON review_case (payer_id, state, answer_due_on);

CREATE INDEX ix_review_case_asked ON review_case (payer_id, period, open, asked_vnd, id);

CREATE INDEX ix_review_case_band ON review_case (payer_id, period, open, band, id);

CREATE INDEX ix_review_case_card ON review_case (payer_id, card_number, arrived_at);

CREATE INDEX ix_review_case_category ON review_case (payer_id, period, open, category, id);

CREATE INDEX ix_review_case_decided ON review_case (decided_by, decided_at);

CREATE INDEX ix_review_case_deviation ON review_case (payer_id, period, open, deviation, id);

CREATE INDEX ix_review_case_dossier ON review_case (payer_id, dossier_code);

CREATE INDEX ix_review_case_draw ON review_case (payer_id, period, open, draw, id);

CREATE INDEX ix_review_case_flagged ON review_case (payer_id, period, open, flagged, id);

CREATE INDEX ix_review_case_icd ON review_case (payer_id, period, open, main_diagnosis, id);

CREATE INDEX ix_review_case_open ON review_case (payer_id, period, open, id);

CREATE INDEX ix_review_case_payer ON review_case (payer_id, id);

CREATE INDEX ix_review_case_reviewer ON review_case (payer_id, period, open, assigned_to, id);

CREATE INDEX ix_review_case_setting ON review_case (payer_id, period, open, care_setting, id);

CREATE INDEX ix_review_case_state ON review_case (payer_id, period, state, id);

CREATE INDEX ix_review_case_unit ON review_case (payer_id, period, unit_id, open, id);

CREATE INDEX ix_review_case_unit_dossier ON review_case (unit_id, dossier_code);

CREATE INDEX ix_review_case_unit_period ON review_case (unit_id, period, state);

CREATE INDEX ix_review_case_visits ON review_case (payer_id, period, open, visits_before, id);

CREATE INDEX ix_review_event_case ON review_event (case_id, at);

CREATE INDEX ix_review_facet_period ON review_facet (unit_id, period, kind);

CREATE INDEX ix_review_facet_value ON review_facet (payer_id, kind, value, period, open, case_id);

CREATE INDEX ix_review_line_case ON review_line (case_id, position);

CREATE INDEX ix_review_line_waiting ON review_line (unit_id, waiting, doctor, id);

CREATE INDEX ix_review_document_case ON review_document (case_id, at);

CREATE INDEX ix_review_reply_case ON review_reply (case_id, at);

ALTER TABLE review_batch ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_batch FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_batch USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_batch USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_filter ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_filter FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_filter USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE review_tally ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_tally FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_tally USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_tally USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_warning ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_warning FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_warning USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_warning USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_facet ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_facet FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_facet USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_facet USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_document ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_document FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_document USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_document USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_reply ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_reply FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_reply USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_reply USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON review_batch TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_filter TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_tally TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_warning TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_facet TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_document TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_reply TO his_app, his_worker;
