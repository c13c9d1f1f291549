-- The table of before becomes the part of everything up to the end of this month: nothing is copied.
CREATE SCHEMA audit;

REVOKE ALL ON SCHEMA audit FROM PUBLIC;

ALTER TABLE audit_entry ADD COLUMN request_id VARCHAR NOT NULL DEFAULT '';

REVOKE ALL ON audit_entry FROM his_app, his_worker;

ALTER TABLE audit_entry SET SCHEMA audit;

CREATE TABLE audit_entry (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	actor VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	entity_type VARCHAR NOT NULL, 
	entity_id VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	detail JSONB NOT NULL, 
	request_id VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (unit_id, id)
) PARTITION BY RANGE (id);

CREATE INDEX ix_audit_entry_actor ON audit_entry (unit_id, actor, id);

CREATE INDEX ix_audit_entry_entity ON audit_entry (unit_id, entity_id, id);

DO $do$
DECLARE
  month timestamp := date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh');
  beyond text := lpad(to_hex((extract(epoch FROM (month + interval '1 month') AT TIME ZONE 'Asia/Ho_Chi_Minh') * 1000)::bigint), 12, '0')
                 || repeat('0', 20);
BEGIN
  EXECUTE format('ALTER TABLE audit.audit_entry RENAME TO %I', 'entry_' || to_char(month, 'YYYYMM'));
  EXECUTE format('ALTER TABLE audit_entry ATTACH PARTITION audit.%I FOR VALUES FROM (MINVALUE) TO (%L)',
                 'entry_' || to_char(month, 'YYYYMM'), beyond::uuid);
END
$do$;

CREATE TABLE audit.entry_other PARTITION OF audit_entry DEFAULT;

ALTER TABLE audit.entry_other ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit.entry_other FORCE ROW LEVEL SECURITY;

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON audit_entry USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT ON audit_entry TO his_app, his_worker;

CREATE TABLE audit_block (
	unit_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	first_seq BIGINT NOT NULL, 
	entry_ids UUID[] NOT NULL, 
	digests BYTEA NOT NULL, 
	previous BYTEA NOT NULL, 
	sha256 BYTEA NOT NULL, 
	sealed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	floor_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	mark_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	mark_xid BIGINT NOT NULL, 
	open_from INTEGER NOT NULL, 
	PRIMARY KEY (unit_id, number)
);

ALTER TABLE audit_block ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit_block FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON audit_block USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT ON audit_block TO his_app;

GRANT SELECT, INSERT ON audit_block TO his_worker;
