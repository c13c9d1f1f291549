ALTER TABLE api_client
	ADD COLUMN public BOOLEAN NOT NULL DEFAULT false,
	ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '',
	ADD COLUMN launch_url TEXT NOT NULL DEFAULT '',
	ADD COLUMN jwks TEXT NOT NULL DEFAULT '',
	ADD COLUMN jwks_url TEXT NOT NULL DEFAULT '',
	ADD COLUMN sensitive BOOLEAN NOT NULL DEFAULT false,
	ADD COLUMN created_at TIMESTAMP WITH TIME ZONE;

-- Clients of before see what they saw.
UPDATE api_client SET sensitive = true;

ALTER TABLE api_client ALTER COLUMN scopes TYPE TEXT;

ALTER TABLE access_token ADD COLUMN grant_id UUID;

CREATE INDEX ix_access_token_grant_id ON access_token (grant_id);

CREATE TABLE smart_assertion (
	client_id VARCHAR NOT NULL,
	jti_sha256 VARCHAR NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (client_id, jti_sha256)
);

CREATE TABLE smart_code (
	code_sha256 VARCHAR NOT NULL,
	grant_id UUID NOT NULL,
	redirect_uri TEXT NOT NULL,
	challenge VARCHAR NOT NULL,
	nonce TEXT NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (code_sha256)
);

CREATE TABLE smart_grant (
	id UUID NOT NULL,
	client_id VARCHAR NOT NULL,
	unit_id INTEGER NOT NULL,
	account_id UUID NOT NULL,
	scopes TEXT NOT NULL,
	patient_id VARCHAR NOT NULL,
	encounter_id VARCHAR NOT NULL,
	offline BOOLEAN NOT NULL,
	session_sha256 VARCHAR NOT NULL,
	granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	revoked_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (id)
);

CREATE INDEX ix_smart_grant_client_id ON smart_grant (client_id);

CREATE TABLE smart_launch (
	launch_sha256 VARCHAR NOT NULL,
	client_id VARCHAR NOT NULL,
	unit_id INTEGER NOT NULL,
	account_id UUID NOT NULL,
	patient_id VARCHAR NOT NULL,
	encounter_id VARCHAR NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (launch_sha256)
);

CREATE TABLE smart_refresh (
	token_sha256 VARCHAR NOT NULL,
	grant_id UUID NOT NULL,
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (token_sha256)
);

CREATE INDEX ix_smart_refresh_grant_id ON smart_refresh (grant_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON smart_assertion TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON smart_code TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON smart_grant TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON smart_launch TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON smart_refresh TO his_app, his_worker;
