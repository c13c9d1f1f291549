CREATE TABLE claim_rule_setting (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	rule_code VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	severity VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	reason TEXT NOT NULL, 
	set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	set_by UUID, 
	set_by_name VARCHAR NOT NULL, 
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_claim_rule_setting ON claim_rule_setting (unit_id, rule_code, valid_from);

ALTER TABLE claim_rule_setting ENABLE ROW LEVEL SECURITY;

ALTER TABLE claim_rule_setting FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON claim_rule_setting USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON claim_rule_setting TO his_app, his_worker;

REVOKE UPDATE, DELETE ON claim_rule_setting FROM his_app, his_worker;
