CREATE TABLE resource_number (
	unit_id INTEGER NOT NULL,
	type VARCHAR NOT NULL,
	param VARCHAR NOT NULL,
	low FLOAT NOT NULL,
	high FLOAT NOT NULL,
	unit TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (unit_id, type, param, low, high, unit, id)
);

CREATE INDEX ix_resource_number_id ON resource_number (unit_id, type, id);

CREATE TABLE resource_index_generation (
	generation INTEGER NOT NULL,
	PRIMARY KEY (generation)
);

ALTER TABLE resource_number ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_number FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_number USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_number TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_index_generation TO his_app, his_worker;
