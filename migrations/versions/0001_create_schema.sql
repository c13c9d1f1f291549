CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE access_token (
	token_sha256 VARCHAR NOT NULL, 
	client_id VARCHAR NOT NULL, 
	unit_id INTEGER NOT NULL, 
	scopes VARCHAR NOT NULL, 
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (token_sha256)
);

CREATE TABLE account (
	id UUID NOT NULL, 
	username VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	unit_id INTEGER NOT NULL, 
	practitioner_id UUID, 
	display_name VARCHAR NOT NULL, 
	room_id UUID, 
	active BOOLEAN NOT NULL, 
	failed_count INTEGER NOT NULL, 
	locked_until TIMESTAMP WITH TIME ZONE, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);

CREATE INDEX ix_account_unit_id ON account (unit_id);

CREATE TABLE api_client (
	id VARCHAR NOT NULL, 
	secret_hash VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	unit_id INTEGER NOT NULL, 
	scopes VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);

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
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_audit_entry_actor ON audit_entry (unit_id, actor, id);

CREATE INDEX ix_audit_entry_entity ON audit_entry (unit_id, entity_id, id);

CREATE TABLE bank_account (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	bin VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	bank VARCHAR NOT NULL, 
	holder VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_bank_account_bin_number UNIQUE (unit_id, bin, number)
);

CREATE TABLE card_check (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	patient_id UUID, 
	asked_number VARCHAR NOT NULL, 
	asked_name VARCHAR NOT NULL, 
	asked_birth VARCHAR NOT NULL, 
	account_id UUID, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	answered_at TIMESTAMP WITH TIME ZONE, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at TIMESTAMP WITH TIME ZONE, 
	code VARCHAR NOT NULL, 
	answer JSONB NOT NULL, 
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_card_check_patient ON card_check (unit_id, patient_id);

CREATE INDEX ix_card_check_pending ON card_check (unit_id, state, next_attempt_at);

CREATE TABLE catalog_version (
	id SERIAL NOT NULL, 
	name VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	rows_read INTEGER NOT NULL, 
	rows_new INTEGER NOT NULL, 
	rows_changed INTEGER NOT NULL, 
	rows_bad INTEGER NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TABLE code (
	list_name VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE, 
	name TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	extra JSONB NOT NULL, 
	search TEXT NOT NULL, 
	PRIMARY KEY (list_name, code, valid_from)
);

CREATE TABLE counter (
	unit_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	period VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (unit_id, kind, period)
);

CREATE TABLE day_close (
	unit_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	province_code VARCHAR NOT NULL, 
	closed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	closed_by UUID NOT NULL, 
	PRIMARY KEY (unit_id, day)
);

CREATE TABLE department (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_department_code UNIQUE (unit_id, code)
);

CREATE TABLE dirty_key (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	topic VARCHAR NOT NULL, 
	key VARCHAR NOT NULL, 
	queued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id)
);

CREATE TABLE draft (
	unit_id INTEGER NOT NULL, 
	account_id UUID NOT NULL, 
	form VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	content JSONB NOT NULL, 
	based_on INTEGER NOT NULL, 
	saved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, account_id, form, subject)
);

CREATE TABLE drug (
	code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE, 
	name TEXT NOT NULL, 
	ingredient_code VARCHAR NOT NULL, 
	ingredient TEXT NOT NULL, 
	atc VARCHAR NOT NULL, 
	strength TEXT NOT NULL, 
	dosage_form TEXT NOT NULL, 
	unit VARCHAR NOT NULL, 
	route_code VARCHAR NOT NULL, 
	route VARCHAR NOT NULL, 
	cost_group VARCHAR NOT NULL, 
	price_vnd NUMERIC(14, 3) NOT NULL, 
	cover_scope INTEGER NOT NULL, 
	cover_rate INTEGER NOT NULL, 
	allergy_groups VARCHAR NOT NULL, 
	maker TEXT NOT NULL, 
	search TEXT NOT NULL, 
	PRIMARY KEY (code, valid_from)
);

CREATE INDEX ix_drug_search ON drug USING gin (search gin_trgm_ops);

CREATE TABLE icd10 (
	code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE, 
	name TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	chapter VARCHAR NOT NULL, 
	chapter_name TEXT NOT NULL, 
	block VARCHAR NOT NULL, 
	not_primary BOOLEAN NOT NULL, 
	discouraged_primary BOOLEAN NOT NULL, 
	has_more_specific BOOLEAN NOT NULL, 
	death_cause_only BOOLEAN NOT NULL, 
	sex VARCHAR NOT NULL, 
	search TEXT NOT NULL, 
	PRIMARY KEY (code, valid_from)
);

CREATE INDEX ix_icd10_search ON icd10 USING gin (search gin_trgm_ops);

CREATE TABLE idempotency_key (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	key VARCHAR NOT NULL, 
	request_sha256 VARCHAR NOT NULL, 
	response JSONB NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id)
);

CREATE TABLE ingredient_synonym (
	synonym VARCHAR NOT NULL, 
	ingredient VARCHAR NOT NULL, 
	PRIMARY KEY (synonym)
);

CREATE TABLE interaction (
	first VARCHAR NOT NULL, 
	second VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	first_name VARCHAR NOT NULL, 
	second_name VARCHAR NOT NULL, 
	mechanism TEXT NOT NULL, 
	consequence TEXT NOT NULL, 
	action TEXT NOT NULL, 
	source VARCHAR NOT NULL, 
	PRIMARY KEY (first, second, valid_from)
);

CREATE TABLE lab_test (
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	service_code VARCHAR NOT NULL, 
	unit VARCHAR NOT NULL, 
	ranges JSONB NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (code)
);

CREATE TABLE month_report (
	unit_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	revision INTEGER NOT NULL, 
	province_code VARCHAR NOT NULL, 
	definitions VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	content JSONB NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_by UUID NOT NULL, 
	PRIMARY KEY (unit_id, day, revision)
);

CREATE TABLE parcel (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject_type VARCHAR NOT NULL, 
	subject_id UUID NOT NULL, 
	reference VARCHAR NOT NULL, 
	content TEXT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at TIMESTAMP WITH TIME ZONE, 
	lease_until TIMESTAMP WITH TIME ZONE, 
	receipt VARCHAR NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE, 
	reply_code VARCHAR NOT NULL, 
	reply TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id)
);

CREATE INDEX ix_parcel_due ON parcel (state, next_attempt_at);

CREATE INDEX ix_parcel_subject ON parcel (unit_id, subject_type, subject_id);

CREATE TABLE patient (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	person_id UUID NOT NULL, 
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	birth_date DATE NOT NULL, 
	birth_precision VARCHAR NOT NULL, 
	gender VARCHAR NOT NULL, 
	citizen_number VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	address TEXT NOT NULL, 
	province_code VARCHAR NOT NULL, 
	ward_code VARCHAR NOT NULL, 
	old_address TEXT NOT NULL, 
	ethnicity_code VARCHAR NOT NULL, 
	occupation_code VARCHAR NOT NULL, 
	nationality_code VARCHAR NOT NULL, 
	guardian_name VARCHAR NOT NULL, 
	guardian_phone VARCHAR NOT NULL, 
	allergy_state VARCHAR NOT NULL, 
	deceased_at TIMESTAMP WITH TIME ZONE, 
	active BOOLEAN NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_patient_code UNIQUE (unit_id, code), 
	CONSTRAINT uq_patient_person_id UNIQUE (unit_id, person_id)
);

CREATE INDEX ix_patient_citizen ON patient (unit_id, citizen_number);

CREATE INDEX ix_patient_phone ON patient (unit_id, phone);

CREATE TABLE person (
	id UUID NOT NULL, 
	citizen_number VARCHAR, 
	insurance_number VARCHAR, 
	PRIMARY KEY (id), 
	UNIQUE (citizen_number), 
	UNIQUE (insurance_number)
);

CREATE TABLE practitioner (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	license_number VARCHAR NOT NULL, 
	insurance_number VARCHAR NOT NULL, 
	citizen_number VARCHAR NOT NULL, 
	specialty VARCHAR NOT NULL, 
	department_code VARCHAR NOT NULL, 
	gender VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_practitioner_license_number UNIQUE (unit_id, license_number)
);

CREATE TABLE reminder (
	id UUID NOT NULL, 
	to_unit_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	province_code VARCHAR NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_by UUID NOT NULL, 
	PRIMARY KEY (id)
);

CREATE INDEX ix_reminder_unit ON reminder (to_unit_id, day);

CREATE TABLE resource_current (
	unit_id INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	id TEXT COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	deleted BOOLEAN NOT NULL, 
	engine BOOLEAN NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (unit_id, type, id)
);

CREATE INDEX ix_resource_current_time ON resource_current (unit_id, type, updated_at, id);

CREATE TABLE resource_date (
	unit_id INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	param VARCHAR NOT NULL, 
	low TIMESTAMP WITH TIME ZONE NOT NULL, 
	high TIMESTAMP WITH TIME ZONE NOT NULL, 
	id TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY (unit_id, type, param, low, high, id)
);

CREATE INDEX ix_resource_date_high ON resource_date (unit_id, type, param, high, low, id);

CREATE INDEX ix_resource_date_id ON resource_date (unit_id, type, id);

CREATE TABLE resource_index (
	unit_id INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	param VARCHAR NOT NULL, 
	value TEXT COLLATE "C" NOT NULL, 
	id TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY (unit_id, type, param, value, id)
);

CREATE INDEX ix_resource_index_id ON resource_index (unit_id, type, id);

CREATE TABLE resource_key (
	unit_id INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	key TEXT COLLATE "C" NOT NULL, 
	id TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY (unit_id, type, key)
);

CREATE INDEX ix_resource_key_id ON resource_key (unit_id, type, id);

CREATE TABLE resource_version (
	unit_id INTEGER NOT NULL, 
	type VARCHAR NOT NULL, 
	id TEXT COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	actor VARCHAR NOT NULL, 
	op VARCHAR NOT NULL, 
	content TEXT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	previous_sha256 VARCHAR NOT NULL, 
	PRIMARY KEY (unit_id, type, id, version)
);

CREATE INDEX ix_resource_version_time ON resource_version (unit_id, type, recorded_at, id, version);

CREATE TABLE service_item (
	code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE, 
	name TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	cost_group VARCHAR NOT NULL, 
	price_vnd NUMERIC(18, 2) NOT NULL, 
	insured_price_vnd NUMERIC(18, 2) NOT NULL, 
	cover_rate INTEGER NOT NULL, 
	department_code VARCHAR NOT NULL, 
	chapter TEXT NOT NULL, 
	search TEXT NOT NULL, 
	PRIMARY KEY (code, valid_from)
);

CREATE INDEX ix_service_item_search ON service_item USING gin (search gin_trgm_ops);

CREATE TABLE signing_key (
	unit_id SERIAL NOT NULL, 
	certificate TEXT NOT NULL, 
	key_file VARCHAR NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	valid_to TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id)
);

CREATE TABLE stat_cell (
	unit_id INTEGER NOT NULL, 
	day DATE NOT NULL, 
	indicator VARCHAR NOT NULL, 
	split VARCHAR NOT NULL, 
	part VARCHAR NOT NULL, 
	province_code VARCHAR NOT NULL, 
	value NUMERIC(14, 3) NOT NULL, 
	PRIMARY KEY (unit_id, day, indicator, split, part)
);

CREATE INDEX ix_stat_cell_province ON stat_cell (province_code, day, indicator);

CREATE TABLE stock_lot (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	drug_code VARCHAR NOT NULL, 
	lot_number VARCHAR NOT NULL, 
	expires_on DATE NOT NULL, 
	unit_price_vnd NUMERIC(14, 3) NOT NULL, 
	tender VARCHAR NOT NULL, 
	shelf VARCHAR NOT NULL, 
	on_hand NUMERIC(14, 3) NOT NULL, 
	reserved NUMERIC(14, 3) NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	CONSTRAINT uq_stock_lot_drug_code_lot_number UNIQUE (unit_id, drug_code, lot_number)
);

CREATE INDEX ix_stock_lot_drug ON stock_lot (unit_id, drug_code, expires_on);

CREATE TABLE unit (
	id SERIAL NOT NULL, 
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	level VARCHAR NOT NULL, 
	points INTEGER NOT NULL, 
	former_tier VARCHAR NOT NULL, 
	is_station BOOLEAN NOT NULL, 
	province_code VARCHAR NOT NULL, 
	ward_code VARCHAR NOT NULL, 
	address TEXT NOT NULL, 
	phone VARCHAR NOT NULL, 
	head_number VARCHAR NOT NULL, 
	payer_id INTEGER, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (code)
);

CREATE INDEX ix_unit_province_code ON unit (province_code);

CREATE TABLE vital_range (
	code VARCHAR NOT NULL, 
	age_from_days INTEGER NOT NULL, 
	age_to_days INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	unit VARCHAR NOT NULL, 
	low NUMERIC(14, 3), 
	high NUMERIC(14, 3), 
	critical_low NUMERIC(14, 3), 
	critical_high NUMERIC(14, 3), 
	PRIMARY KEY (code, age_from_days)
);

CREATE TABLE ward (
	code VARCHAR NOT NULL, 
	province_code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	search TEXT NOT NULL, 
	PRIMARY KEY (code)
);

CREATE INDEX ix_ward_province_code ON ward (province_code);

CREATE TABLE web_session (
	token_sha256 VARCHAR NOT NULL, 
	account_id UUID NOT NULL, 
	csrf VARCHAR NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	user_agent TEXT NOT NULL, 
	PRIMARY KEY (token_sha256)
);

CREATE INDEX ix_web_session_account_id ON web_session (account_id);

CREATE TABLE worker_beat (
	name VARCHAR NOT NULL, 
	beaten_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	dirty_waiting INTEGER NOT NULL, 
	dirty_since TIMESTAMP WITH TIME ZONE, 
	parcels_waiting INTEGER NOT NULL, 
	parcels_since TIMESTAMP WITH TIME ZONE, 
	parcels_refused INTEGER NOT NULL, 
	cards_waiting INTEGER NOT NULL, 
	PRIMARY KEY (name)
);

CREATE TABLE allergy_intolerance (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	patient_id UUID NOT NULL, 
	substance VARCHAR NOT NULL, 
	group_code VARCHAR NOT NULL, 
	reaction TEXT NOT NULL, 
	onset_year INTEGER, 
	severity VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	recorded_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id)
);

CREATE INDEX ix_allergy_patient ON allergy_intolerance (unit_id, patient_id);

CREATE TABLE coverage (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	patient_id UUID NOT NULL, 
	card_number VARCHAR NOT NULL, 
	insurance_number VARCHAR NOT NULL, 
	primary_facility_code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE NOT NULL, 
	area_code VARCHAR NOT NULL, 
	five_years_on DATE, 
	copay_exempt_on DATE, 
	address TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	checked_at TIMESTAMP WITH TIME ZONE, 
	check_code VARCHAR NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id), 
	CONSTRAINT uq_coverage_patient_id_card_number_valid_from UNIQUE (unit_id, patient_id, card_number, valid_from)
);

CREATE INDEX ix_coverage_card ON coverage (unit_id, card_number);

CREATE INDEX ix_coverage_number ON coverage (unit_id, insurance_number);

CREATE TABLE encounter (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	patient_id UUID NOT NULL, 
	coverage_id UUID, 
	dossier_code VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	care_setting VARCHAR NOT NULL, 
	entitlement_code VARCHAR NOT NULL, 
	entitlement_reason TEXT NOT NULL, 
	override_reason TEXT NOT NULL, 
	route JSONB NOT NULL, 
	reason TEXT NOT NULL, 
	initial_diagnosis TEXT NOT NULL, 
	department_code VARCHAR NOT NULL, 
	room_id UUID, 
	practitioner_id UUID, 
	weight_kg NUMERIC(14, 3), 
	arrived_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE, 
	admitted_at TIMESTAMP WITH TIME ZONE, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	outcome_code VARCHAR NOT NULL, 
	discharge_code VARCHAR NOT NULL, 
	destination_code VARCHAR NOT NULL, 
	treatment TEXT NOT NULL, 
	advice TEXT NOT NULL, 
	follow_up_on DATE, 
	signed_at TIMESTAMP WITH TIME ZONE, 
	signed_by UUID, 
	closed_at TIMESTAMP WITH TIME ZONE, 
	closed_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id), 
	CONSTRAINT uq_encounter_dossier_code UNIQUE (unit_id, dossier_code)
);

CREATE INDEX ix_encounter_arrived ON encounter (unit_id, arrived_at);

CREATE INDEX ix_encounter_ended ON encounter (unit_id, ended_at);

CREATE INDEX ix_encounter_patient ON encounter (unit_id, patient_id, arrived_at);

CREATE TABLE parcel_event (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	parcel_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	state VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, parcel_id) REFERENCES parcel (unit_id, id)
);

CREATE INDEX ix_parcel_event ON parcel_event (unit_id, parcel_id, at);

CREATE TABLE patient_token (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	token TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY (unit_id, id, token), 
	FOREIGN KEY(unit_id, id) REFERENCES patient (unit_id, id)
);

CREATE INDEX ix_patient_token_word ON patient_token (unit_id, token, id);

CREATE TABLE room (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	department_id UUID NOT NULL, 
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	service_code VARCHAR NOT NULL, 
	practitioner_id UUID, 
	active BOOLEAN NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, department_id) REFERENCES department (unit_id, id), 
	CONSTRAINT uq_room_code UNIQUE (unit_id, code)
);

CREATE TABLE stock_move (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	lot_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	moved_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	moved_by UUID, 
	dispense_id UUID, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, lot_id) REFERENCES stock_lot (unit_id, id)
);

CREATE INDEX ix_stock_move_lot ON stock_move (unit_id, lot_id, moved_at);

CREATE TABLE charge (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	source_type VARCHAR NOT NULL, 
	source_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	unit VARCHAR NOT NULL, 
	cost_group VARCHAR NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	unit_price NUMERIC(14, 3) NOT NULL, 
	insured_unit_price NUMERIC(14, 3) NOT NULL, 
	payer VARCHAR NOT NULL, 
	card_number VARCHAR NOT NULL, 
	cover_scope INTEGER NOT NULL, 
	cover_rate INTEGER NOT NULL, 
	service_rate NUMERIC(14, 3) NOT NULL, 
	benefit_rate NUMERIC(14, 3) NOT NULL, 
	amount_hospital NUMERIC(18, 2) NOT NULL, 
	amount_covered NUMERIC(18, 2) NOT NULL, 
	insurer_share NUMERIC(18, 2) NOT NULL, 
	copayment NUMERIC(18, 2) NOT NULL, 
	self_paid NUMERIC(18, 2) NOT NULL, 
	other_sources NUMERIC(18, 2) NOT NULL, 
	explanation JSONB NOT NULL, 
	ordered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	performed_at TIMESTAMP WITH TIME ZONE, 
	ordered_by UUID, 
	performed_by UUID, 
	department_code VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_charge_source_type_source_id UNIQUE (unit_id, source_type, source_id)
);

CREATE INDEX ix_charge_visit ON charge (unit_id, encounter_id);

CREATE TABLE claim (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	dossier_code VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	standard VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	period VARCHAR NOT NULL, 
	total_hospital NUMERIC(18, 2) NOT NULL, 
	total_covered NUMERIC(18, 2) NOT NULL, 
	insurer_share NUMERIC(18, 2) NOT NULL, 
	copayment NUMERIC(18, 2) NOT NULL, 
	self_paid NUMERIC(18, 2) NOT NULL, 
	other_sources NUMERIC(18, 2) NOT NULL, 
	facts JSONB NOT NULL, 
	findings JSONB NOT NULL, 
	parcel_id UUID, 
	sealed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sealed_by UUID, 
	receipt VARCHAR NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_claim_dossier_code_revision UNIQUE (unit_id, dossier_code, revision)
);

CREATE INDEX ix_claim_state ON claim (unit_id, state);

CREATE INDEX ix_claim_visit ON claim (unit_id, encounter_id);

CREATE TABLE diagnosis (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	code VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	role VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	practitioner_id UUID, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_diagnosis_encounter_id_code UNIQUE (unit_id, encounter_id, code)
);

CREATE INDEX ix_diagnosis_author ON diagnosis (unit_id, practitioner_id, recorded_at);

CREATE TABLE line_report (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	source_id UUID, 
	line_name TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	reported_by UUID NOT NULL, 
	reported_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	answered_by UUID, 
	answered_at TIMESTAMP WITH TIME ZONE, 
	answer TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_line_report_open ON line_report (unit_id, answered_at, reported_at);

CREATE INDEX ix_line_report_visit ON line_report (unit_id, encounter_id);

CREATE TABLE note (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	content TEXT NOT NULL, 
	practitioner_id UUID, 
	written_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signed_at TIMESTAMP WITH TIME ZONE, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_note_visit ON note (unit_id, encounter_id);

CREATE TABLE payment (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	amount NUMERIC(18, 2) NOT NULL, 
	method VARCHAR NOT NULL, 
	paid_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	cashier_id UUID NOT NULL, 
	receipt_number VARCHAR NOT NULL, 
	key VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	cancelled_at TIMESTAMP WITH TIME ZONE, 
	cancelled_by UUID, 
	cancel_reason TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_payment_key UNIQUE (unit_id, key), 
	CONSTRAINT uq_payment_receipt_number UNIQUE (unit_id, receipt_number)
);

CREATE INDEX ix_payment_shift ON payment (unit_id, cashier_id, paid_at);

CREATE INDEX ix_payment_visit ON payment (unit_id, encounter_id);

CREATE TABLE prescription (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	code VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	practitioner_id UUID, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signed_at TIMESTAMP WITH TIME ZONE, 
	advice TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_prescription_code ON prescription (unit_id, code);

CREATE INDEX ix_prescription_queue ON prescription (unit_id, status, signed_at);

CREATE INDEX ix_prescription_visit ON prescription (unit_id, encounter_id);

CREATE TABLE safety_override (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	finding_code VARCHAR NOT NULL, 
	line VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	account_id UUID NOT NULL, 
	given_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_safety_override_visit ON safety_override (unit_id, encounter_id);

CREATE TABLE service_request (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	service_code VARCHAR NOT NULL, 
	service_name TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	cost_group VARCHAR NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	price_vnd NUMERIC(18, 2) NOT NULL, 
	insured_price_vnd NUMERIC(18, 2) NOT NULL, 
	cover_rate INTEGER NOT NULL, 
	payer VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	department_code VARCHAR NOT NULL, 
	ordered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ordered_by UUID, 
	performed_at TIMESTAMP WITH TIME ZONE, 
	performed_by UUID, 
	device_code VARCHAR NOT NULL, 
	description TEXT NOT NULL, 
	conclusion TEXT NOT NULL, 
	resulted_at TIMESTAMP WITH TIME ZONE, 
	read_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_service_request_patient ON service_request (unit_id, patient_id, service_code, ordered_at);

CREATE INDEX ix_service_request_visit ON service_request (unit_id, encounter_id);

CREATE INDEX ix_service_request_work ON service_request (unit_id, status, kind, ordered_at);

CREATE TABLE statement (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	number VARCHAR NOT NULL, 
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	total_hospital NUMERIC(18, 2) NOT NULL, 
	total_covered NUMERIC(18, 2) NOT NULL, 
	insurer_share NUMERIC(18, 2) NOT NULL, 
	copayment NUMERIC(18, 2) NOT NULL, 
	self_paid NUMERIC(18, 2) NOT NULL, 
	other_sources NUMERIC(18, 2) NOT NULL, 
	explanation JSONB NOT NULL, 
	facts JSONB NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_statement_encounter_id UNIQUE (unit_id, encounter_id)
);

CREATE TABLE ticket (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	room_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	day DATE NOT NULL, 
	number INTEGER NOT NULL, 
	priority VARCHAR NOT NULL, 
	rank INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	payer TEXT NOT NULL, 
	fact TEXT NOT NULL, 
	fact_tone VARCHAR NOT NULL, 
	called_count INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	called_at TIMESTAMP WITH TIME ZONE, 
	started_at TIMESTAMP WITH TIME ZONE, 
	finished_at TIMESTAMP WITH TIME ZONE, 
	changed_at TIMESTAMP WITH TIME ZONE, 
	previous JSONB, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, room_id) REFERENCES room (unit_id, id), 
	FOREIGN KEY(unit_id, patient_id) REFERENCES patient (unit_id, id), 
	CONSTRAINT uq_ticket_room_id_day_number UNIQUE (unit_id, room_id, day, number)
);

CREATE INDEX ix_ticket_day ON ticket (unit_id, day, state);

CREATE INDEX ix_ticket_encounter ON ticket (unit_id, encounter_id);

CREATE TABLE vital_signs (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	taken_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	pulse INTEGER, 
	systolic INTEGER, 
	diastolic INTEGER, 
	temperature_c NUMERIC(14, 3), 
	respiration INTEGER, 
	spo2 INTEGER, 
	weight_kg NUMERIC(14, 3), 
	height_cm NUMERIC(14, 3), 
	taken_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_vital_signs_visit ON vital_signs (unit_id, encounter_id);

CREATE TABLE claim_event (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	claim_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	state VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, claim_id) REFERENCES claim (unit_id, id)
);

CREATE INDEX ix_claim_event ON claim_event (unit_id, claim_id, at);

CREATE TABLE medication_request (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	prescription_id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	drug_code VARCHAR NOT NULL, 
	drug_name TEXT NOT NULL, 
	ingredient_code VARCHAR NOT NULL, 
	ingredient TEXT NOT NULL, 
	strength TEXT NOT NULL, 
	unit VARCHAR NOT NULL, 
	route_code VARCHAR NOT NULL, 
	route VARCHAR NOT NULL, 
	morning NUMERIC(14, 3) NOT NULL, 
	noon NUMERIC(14, 3) NOT NULL, 
	afternoon NUMERIC(14, 3) NOT NULL, 
	evening NUMERIC(14, 3) NOT NULL, 
	days INTEGER NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	instruction TEXT NOT NULL, 
	payer VARCHAR NOT NULL, 
	cover_scope INTEGER NOT NULL, 
	cover_rate INTEGER NOT NULL, 
	price_vnd NUMERIC(14, 3) NOT NULL, 
	status VARCHAR NOT NULL, 
	ordered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	practitioner_id UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, prescription_id) REFERENCES prescription (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_medication_request_author ON medication_request (unit_id, practitioner_id, ordered_at);

CREATE INDEX ix_medication_request_patient ON medication_request (unit_id, patient_id, ordered_at);

CREATE INDEX ix_medication_request_rx ON medication_request (unit_id, prescription_id);

CREATE INDEX ix_medication_request_visit ON medication_request (unit_id, encounter_id);

CREATE TABLE observation (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	service_request_id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	code VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	value_number NUMERIC(14, 3), 
	value_text TEXT NOT NULL, 
	unit VARCHAR NOT NULL, 
	low NUMERIC(14, 3), 
	high NUMERIC(14, 3), 
	flag VARCHAR NOT NULL, 
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	performer_id UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, service_request_id) REFERENCES service_request (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id)
);

CREATE INDEX ix_observation_trend ON observation (unit_id, patient_id, code, issued_at);

CREATE INDEX ix_observation_visit ON observation (unit_id, encounter_id);

CREATE TABLE review_case (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	payer_id INTEGER NOT NULL, 
	claim_id UUID NOT NULL, 
	dossier_code VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	round INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	unit_code VARCHAR NOT NULL, 
	unit_name VARCHAR NOT NULL, 
	period VARCHAR NOT NULL, 
	patient_name VARCHAR NOT NULL, 
	birth_date DATE NOT NULL, 
	gender VARCHAR NOT NULL, 
	card_number VARCHAR NOT NULL, 
	entitlement_code VARCHAR NOT NULL, 
	benefit_rate NUMERIC(14, 3) NOT NULL, 
	main_diagnosis VARCHAR NOT NULL, 
	diagnosis_text TEXT NOT NULL, 
	care_setting VARCHAR NOT NULL, 
	arrived_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	due_on DATE NOT NULL, 
	state VARCHAR NOT NULL, 
	finding_count INTEGER NOT NULL, 
	line_count INTEGER NOT NULL, 
	open_lines INTEGER NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE, 
	total_hospital NUMERIC(18, 2) NOT NULL, 
	total_covered NUMERIC(18, 2) NOT NULL, 
	copayment NUMERIC(18, 2) NOT NULL, 
	asked NUMERIC(18, 2) NOT NULL, 
	approved NUMERIC(18, 2) NOT NULL, 
	reduced NUMERIC(18, 2) NOT NULL, 
	asking NUMERIC(18, 2) NOT NULL, 
	undecided NUMERIC(18, 2) NOT NULL, 
	findings JSONB NOT NULL, 
	stated JSONB NOT NULL, 
	decided_at TIMESTAMP WITH TIME ZONE, 
	decided_by UUID, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, claim_id) REFERENCES claim (unit_id, id), 
	CONSTRAINT uq_review_case_claim_id UNIQUE (unit_id, claim_id)
);

CREATE INDEX ix_review_case_card ON review_case (payer_id, card_number);

CREATE INDEX ix_review_case_number ON review_case (payer_id, number);

CREATE INDEX ix_review_case_payer ON review_case (payer_id, state, period, id);

CREATE TABLE critical_notice (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	observation_id UUID NOT NULL, 
	service_request_id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	threshold NUMERIC(14, 3), 
	raised_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	told_to UUID, 
	told_at TIMESTAMP WITH TIME ZONE, 
	called_at TIMESTAMP WITH TIME ZONE, 
	called_by UUID, 
	read_back BOOLEAN NOT NULL, 
	acknowledged_at TIMESTAMP WITH TIME ZONE, 
	acknowledged_by UUID, 
	action TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, observation_id) REFERENCES observation (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	CONSTRAINT uq_critical_notice_observation_id UNIQUE (unit_id, observation_id)
);

CREATE INDEX ix_critical_notice_open ON critical_notice (unit_id, acknowledged_at, raised_at);

CREATE INDEX ix_critical_notice_visit ON critical_notice (unit_id, encounter_id);

CREATE TABLE medication_dispense (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	medication_request_id UUID NOT NULL, 
	encounter_id UUID NOT NULL, 
	patient_id UUID NOT NULL, 
	lot_id UUID NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	unit_price_vnd NUMERIC(14, 3) NOT NULL, 
	status VARCHAR NOT NULL, 
	prepared_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	dispensed_at TIMESTAMP WITH TIME ZONE, 
	picked_by UUID, 
	checked_by UUID, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, medication_request_id) REFERENCES medication_request (unit_id, id), 
	FOREIGN KEY(unit_id, encounter_id) REFERENCES encounter (unit_id, id), 
	FOREIGN KEY(unit_id, lot_id) REFERENCES stock_lot (unit_id, id)
);

CREATE INDEX ix_medication_dispense_line ON medication_dispense (unit_id, medication_request_id);

CREATE INDEX ix_medication_dispense_lot ON medication_dispense (unit_id, lot_id, status);

CREATE INDEX ix_medication_dispense_visit ON medication_dispense (unit_id, encounter_id);

CREATE TABLE review_event (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	payer_id INTEGER NOT NULL, 
	case_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	actor UUID, 
	action VARCHAR NOT NULL, 
	before JSONB NOT NULL, 
	undone BOOLEAN NOT NULL, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, case_id) REFERENCES review_case (unit_id, id)
);

CREATE INDEX ix_review_event_case ON review_event (unit_id, case_id, at);

CREATE TABLE review_line (
	unit_id INTEGER NOT NULL, 
	id UUID NOT NULL, 
	version INTEGER NOT NULL, 
	payer_id INTEGER NOT NULL, 
	case_id UUID NOT NULL, 
	charge_id UUID NOT NULL, 
	position INTEGER NOT NULL, 
	claim_table VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	name TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	unit VARCHAR NOT NULL, 
	cost_group VARCHAR NOT NULL, 
	quantity NUMERIC(14, 3) NOT NULL, 
	unit_price NUMERIC(14, 3) NOT NULL, 
	service_rate NUMERIC(14, 3) NOT NULL, 
	cover_rate NUMERIC(14, 3) NOT NULL, 
	amount_covered NUMERIC(18, 2) NOT NULL, 
	benefit_rate NUMERIC(14, 3) NOT NULL, 
	asked NUMERIC(18, 2) NOT NULL, 
	approved_quantity NUMERIC(14, 3), 
	approved_price NUMERIC(14, 3), 
	approved_rate NUMERIC(14, 3), 
	approved NUMERIC(18, 2), 
	decision VARCHAR NOT NULL, 
	reason_code VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	findings JSONB NOT NULL, 
	evidence JSONB NOT NULL, 
	decided_at TIMESTAMP WITH TIME ZONE, 
	decided_by UUID, 
	answer TEXT NOT NULL, 
	answered_at TIMESTAMP WITH TIME ZONE, 
	PRIMARY KEY (unit_id, id), 
	FOREIGN KEY(unit_id, case_id) REFERENCES review_case (unit_id, id), 
	CONSTRAINT uq_review_line_case_id_position UNIQUE (unit_id, case_id, position)
);

CREATE INDEX ix_review_line_case ON review_line (unit_id, case_id);

CREATE INDEX ix_review_line_code ON review_line (unit_id, code);

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON audit_entry USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE bank_account ENABLE ROW LEVEL SECURITY;

ALTER TABLE bank_account FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON bank_account USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE card_check ENABLE ROW LEVEL SECURITY;

ALTER TABLE card_check FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON card_check USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON card_check FOR SELECT TO his_worker USING (true);

ALTER TABLE counter ENABLE ROW LEVEL SECURITY;

ALTER TABLE counter FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON counter USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE day_close ENABLE ROW LEVEL SECURITY;

ALTER TABLE day_close FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON day_close USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY province ON day_close FOR SELECT USING (province_code = nullif(current_setting('his.province', true), ''));

ALTER TABLE department ENABLE ROW LEVEL SECURITY;

ALTER TABLE department FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON department USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE dirty_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE dirty_key FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON dirty_key USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON dirty_key FOR SELECT TO his_worker USING (true);

ALTER TABLE draft ENABLE ROW LEVEL SECURITY;

ALTER TABLE draft FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON draft USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE idempotency_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE idempotency_key FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON idempotency_key USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE month_report ENABLE ROW LEVEL SECURITY;

ALTER TABLE month_report FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON month_report USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY province ON month_report FOR SELECT USING (province_code = nullif(current_setting('his.province', true), ''));

ALTER TABLE parcel ENABLE ROW LEVEL SECURITY;

ALTER TABLE parcel FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON parcel USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY worker ON parcel FOR SELECT TO his_worker USING (true);

ALTER TABLE patient ENABLE ROW LEVEL SECURITY;

ALTER TABLE patient FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON patient USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE practitioner ENABLE ROW LEVEL SECURITY;

ALTER TABLE practitioner FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON practitioner USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE resource_current ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_current FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_current USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE resource_date ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_date FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_date USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE resource_index ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_index FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_index USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE resource_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_key FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_key USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE resource_version ENABLE ROW LEVEL SECURITY;

ALTER TABLE resource_version FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON resource_version USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE signing_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE signing_key FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON signing_key USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE stat_cell ENABLE ROW LEVEL SECURITY;

ALTER TABLE stat_cell FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON stat_cell USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY province ON stat_cell FOR SELECT USING (province_code = nullif(current_setting('his.province', true), ''));

ALTER TABLE stock_lot ENABLE ROW LEVEL SECURITY;

ALTER TABLE stock_lot FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON stock_lot USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE allergy_intolerance ENABLE ROW LEVEL SECURITY;

ALTER TABLE allergy_intolerance FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON allergy_intolerance USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE coverage ENABLE ROW LEVEL SECURITY;

ALTER TABLE coverage FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON coverage USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE encounter ENABLE ROW LEVEL SECURITY;

ALTER TABLE encounter FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON encounter USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE parcel_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE parcel_event FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON parcel_event USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE patient_token ENABLE ROW LEVEL SECURITY;

ALTER TABLE patient_token FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON patient_token USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE room ENABLE ROW LEVEL SECURITY;

ALTER TABLE room FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON room USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE stock_move ENABLE ROW LEVEL SECURITY;

ALTER TABLE stock_move FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON stock_move USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE charge ENABLE ROW LEVEL SECURITY;

ALTER TABLE charge FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON charge USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE claim ENABLE ROW LEVEL SECURITY;

ALTER TABLE claim FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON claim USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE diagnosis ENABLE ROW LEVEL SECURITY;

ALTER TABLE diagnosis FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON diagnosis USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE line_report ENABLE ROW LEVEL SECURITY;

ALTER TABLE line_report FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON line_report USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE note ENABLE ROW LEVEL SECURITY;

ALTER TABLE note FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON note USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE payment ENABLE ROW LEVEL SECURITY;

ALTER TABLE payment FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON payment USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE prescription ENABLE ROW LEVEL SECURITY;

ALTER TABLE prescription FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON prescription USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE safety_override ENABLE ROW LEVEL SECURITY;

ALTER TABLE safety_override FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON safety_override USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE service_request ENABLE ROW LEVEL SECURITY;

ALTER TABLE service_request FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON service_request USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE statement ENABLE ROW LEVEL SECURITY;

ALTER TABLE statement FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON statement USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;

ALTER TABLE ticket FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON ticket USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE vital_signs ENABLE ROW LEVEL SECURITY;

ALTER TABLE vital_signs FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON vital_signs USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE claim_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE claim_event FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON claim_event USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE medication_request ENABLE ROW LEVEL SECURITY;

ALTER TABLE medication_request FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON medication_request USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE observation ENABLE ROW LEVEL SECURITY;

ALTER TABLE observation FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON observation USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE review_case ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_case FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_case USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_case USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE critical_notice ENABLE ROW LEVEL SECURITY;

ALTER TABLE critical_notice FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON critical_notice USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE medication_dispense ENABLE ROW LEVEL SECURITY;

ALTER TABLE medication_dispense FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON medication_dispense USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

ALTER TABLE review_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_event FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_event USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_event USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

ALTER TABLE review_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE review_line FORCE ROW LEVEL SECURITY;

CREATE POLICY unit ON review_line USING (unit_id = nullif(current_setting('his.unit', true), '')::int);

CREATE POLICY payer ON review_line USING (payer_id = nullif(current_setting('his.payer', true), '')::int);

CREATE FUNCTION find_person(citizen text, insurance text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT id FROM person WHERE (citizen <> '' AND citizen_number = citizen)
     OR (insurance <> '' AND insurance_number = insurance) ORDER BY (citizen_number = citizen) DESC NULLS LAST LIMIT 2
$$;

GRANT USAGE ON SCHEMA public TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON access_token TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON account TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON api_client TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON audit_entry TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON bank_account TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON card_check TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON catalog_version TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON code TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON counter TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON day_close TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON department TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON dirty_key TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON draft TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON drug TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON icd10 TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_key TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON ingredient_synonym TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON interaction TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON lab_test TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON month_report TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON parcel TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON patient TO his_app, his_worker;

GRANT INSERT ON person TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON practitioner TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON reminder TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_current TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_date TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_index TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_key TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON resource_version TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON service_item TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON signing_key TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON stat_cell TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON stock_lot TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON unit TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON vital_range TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON ward TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON web_session TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON worker_beat TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON allergy_intolerance TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON coverage TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON encounter TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON parcel_event TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON patient_token TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON room TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON stock_move TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON charge TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON claim TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON diagnosis TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON line_report TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON note TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON payment TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON prescription TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON safety_override TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON service_request TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON statement TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON ticket TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON vital_signs TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON claim_event TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON medication_request TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON observation TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_case TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON critical_notice TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON medication_dispense TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_event TO his_app, his_worker;

GRANT SELECT, INSERT, UPDATE, DELETE ON review_line TO his_app, his_worker;

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO his_app, his_worker;

REVOKE UPDATE, DELETE ON audit_entry FROM his_app, his_worker;

REVOKE ALL ON FUNCTION find_person(text, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION find_person(text, text) TO his_app, his_worker;
