CREATE TABLE bulk_job (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	version INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	request TEXT NOT NULL,
	actor VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	spec JSONB NOT NULL,
	position JSONB NOT NULL,
	result JSONB NOT NULL,
	lease_until TIMESTAMP WITH TIME ZONE,
	attempts INTEGER NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE,
	expires_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_bulk_job_open ON bulk_job (state, created_at);

CREATE TABLE subscription (
	unit_id INTEGER NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	version INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	criteria TEXT NOT NULL,
	topic VARCHAR NOT NULL,
	endpoint TEXT NOT NULL,
	content VARCHAR NOT NULL,
	sent JSONB NOT NULL,
	actor VARCHAR NOT NULL,
	error TEXT NOT NULL,
	failures INTEGER NOT NULL,
	failing_since TIMESTAMP WITH TIME ZONE,
	told INTEGER NOT NULL,
	next_attempt_at TIMESTAMP WITH TIME ZONE,
	lease_until TIMESTAMP WITH TIME ZONE,
	end_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_subscription_due ON subscription (state, next_attempt_at);

CREATE INDEX ix_subscription_kind ON subscription (unit_id, kind);

CREATE TABLE subscription_event (
	unit_id INTEGER NOT NULL,
	id UUID NOT NULL,
	subscription_id TEXT COLLATE "C" NOT NULL,
	resource_id TEXT COLLATE "C" NOT NULL,
	op VARCHAR NOT NULL,
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (unit_id, id),
	FOREIGN KEY(unit_id, subscription_id) REFERENCES subscription (unit_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_subscription_event ON subscription_event (unit_id, subscription_id, id);

ALTER TABLE bulk_job ENABLE ROW LEVEL SECURITY;

ALTER TABLE bulk_job FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON bulk_job USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON bulk_job FOR SELECT TO his_worker USING (true);

ALTER TABLE subscription ENABLE ROW LEVEL SECURITY;

ALTER TABLE subscription FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON subscription USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON subscription FOR SELECT TO his_worker USING (true);

ALTER TABLE subscription_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE subscription_event FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON subscription_event USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON subscription_event FOR SELECT TO his_worker USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON bulk_job TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON subscription TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON subscription_event TO his_app, his_worker;
