CREATE TABLE supply_item (
	code VARCHAR NOT NULL,
	valid_from DATE NOT NULL,
	valid_to DATE,
	name TEXT NOT NULL,
	unit VARCHAR NOT NULL,
	cost_group VARCHAR NOT NULL,
	price_vnd NUMERIC(14, 3) NOT NULL,
	insured_price_vnd NUMERIC(14, 3) NOT NULL,
	cover_rate INTEGER NOT NULL,
	tender TEXT NOT NULL,
	model_number TEXT NOT NULL,
	reusable BOOLEAN NOT NULL,
	maker TEXT NOT NULL,
	search TEXT NOT NULL,
	PRIMARY KEY (code, valid_from)
);
CREATE INDEX ix_supply_item_search ON supply_item USING gin (search gin_trgm_ops);
GRANT SELECT, INSERT, UPDATE, DELETE ON supply_item TO his_app, his_worker;

CREATE TABLE supply_use (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	encounter_id UUID NOT NULL,
	patient_id UUID NOT NULL,
	service_request_id UUID NOT NULL,
	supply_code VARCHAR NOT NULL,
	supply_name TEXT NOT NULL,
	unit VARCHAR NOT NULL,
	cost_group VARCHAR NOT NULL,
	quantity NUMERIC(14, 3) NOT NULL,
	price_vnd NUMERIC(14, 3) NOT NULL,
	insured_price_vnd NUMERIC(14, 3) NOT NULL,
	cover_rate INTEGER NOT NULL,
	tender TEXT NOT NULL,
	model_number TEXT NOT NULL,
	lot_number VARCHAR NOT NULL,
	reused BOOLEAN NOT NULL,
	payer VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	department_code VARCHAR NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	recorded_by UUID,
	cancelled_at TIMESTAMP WITH TIME ZONE,
	cancelled_by UUID,
	cancel_reason TEXT NOT NULL,
	PRIMARY KEY (unit_id, id),
	CONSTRAINT ck_supply_use_quantity CHECK (quantity > 0),
	FOREIGN KEY (unit_id, encounter_id) REFERENCES encounter (unit_id, id),
	FOREIGN KEY (unit_id, service_request_id) REFERENCES service_request (unit_id, id)
);
CREATE INDEX ix_supply_use_visit ON supply_use (unit_id, encounter_id);
CREATE INDEX ix_supply_use_order ON supply_use (unit_id, service_request_id);
ALTER TABLE supply_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE supply_use FORCE ROW LEVEL SECURITY;
CREATE POLICY unit ON supply_use USING (unit_id = nullif(current_setting('his.unit', true), '')::int);
GRANT SELECT, INSERT, UPDATE, DELETE ON supply_use TO his_app, his_worker;

ALTER TABLE charge ADD COLUMN package_code VARCHAR NOT NULL DEFAULT '';
ALTER TABLE charge ALTER COLUMN package_code DROP DEFAULT;
ALTER TABLE charge ADD COLUMN package_ceiling NUMERIC(18, 2);
