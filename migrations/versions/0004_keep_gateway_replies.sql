ALTER TABLE parcel ADD COLUMN standard VARCHAR NOT NULL DEFAULT '3176';

CREATE INDEX ix_parcel_reference ON parcel (unit_id, kind, reference);

CREATE INDEX ix_parcel_receipt ON parcel (unit_id, receipt) WHERE receipt <> '';

ALTER TABLE parcel_event
	ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0,
	ADD COLUMN endpoint VARCHAR NOT NULL DEFAULT '',
	ADD COLUMN request_sha256 VARCHAR NOT NULL DEFAULT '',
	ADD COLUMN http_status INTEGER NOT NULL DEFAULT 0,
	ADD COLUMN body TEXT NOT NULL DEFAULT '';

CREATE TABLE gateway_outage (
	id UUID NOT NULL, 
	began_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	failures INTEGER NOT NULL, 
	why VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);

CREATE INDEX ix_gateway_outage ON gateway_outage (began_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_outage TO his_app, his_worker;

REVOKE UPDATE, DELETE ON parcel_event FROM his_app, his_worker;

REVOKE DELETE ON parcel, gateway_outage FROM his_app, his_worker;
