-- The tables of a registry. Every object stands in one schema of its own; {schema} is its quoted name.
--
-- A damaged row is an error for that row alone, but one without a place in time or without a kind has no place among the
-- others. So what a list or the feed is walked by is checked here: a time, as far as other languages know it, and a kind.

-- How often the definitions (receivers, groups) changed. Changes hold the definitions lock exclusively, appends share it;
-- an append above READ COMMITTED also reads this row FOR SHARE, so that a stale snapshot is a 40001 and no wrong verdict.
CREATE TABLE {schema}.definitions (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL DEFAULT 0
)
--
INSERT INTO {schema}.definitions DEFAULT VALUES
--

CREATE TABLE {schema}.receivers (
    id uuid PRIMARY KEY,
    naming bytea NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    schema_text text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    owner_issuer text COLLATE "C" NOT NULL,
    owner_subject text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    created_at timestamptz NOT NULL CHECK (created_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    updated_at timestamptz NOT NULL
)
--
CREATE INDEX receivers_created ON {schema}.receivers (created_at, id)
--

-- The present revision of every group; a deleted one stays, without its naming.
CREATE TABLE {schema}.groups (
    id uuid PRIMARY KEY,
    naming bytea UNIQUE,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    receiver_ids uuid[] NOT NULL,
    enabled boolean NOT NULL,
    owner_issuer text COLLATE "C" NOT NULL,
    owner_subject text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    created_at timestamptz NOT NULL CHECK (created_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    updated_at timestamptz NOT NULL,
    deleted boolean NOT NULL DEFAULT false
)
--
CREATE INDEX groups_created ON {schema}.groups (created_at, id) WHERE NOT deleted
--

CREATE TABLE {schema}.group_revisions (
    group_id uuid NOT NULL REFERENCES {schema}.groups,
    revision integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    receiver_ids uuid[] NOT NULL,
    enabled boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, revision)
)
--

-- Which receivers any revision of a group ever named: they cannot be deleted.
CREATE TABLE {schema}.group_receivers (
    receiver_id uuid NOT NULL REFERENCES {schema}.receivers,
    group_id uuid NOT NULL REFERENCES {schema}.groups,
    enabled boolean NOT NULL,
    PRIMARY KEY (receiver_id, group_id)
)
--
CREATE INDEX group_receivers_group ON {schema}.group_receivers (group_id)
--
-- What an append looks for: not the groups that are disabled or deleted, of which there may be any number.
CREATE INDEX group_receivers_enabled ON {schema}.group_receivers (receiver_id, group_id) WHERE enabled
--

CREATE TABLE {schema}.units (
    key uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    platform_id text COLLATE "C" NOT NULL,
    package text COLLATE "C" NOT NULL,
    n bigint NOT NULL
) WITH (fillfactor = 80)
--

CREATE TABLE {schema}.events (
    id uuid PRIMARY KEY,
    unit_key uuid NOT NULL,
    n bigint NOT NULL,
    receiver_id uuid NOT NULL,
    receiver_fingerprint bytea NOT NULL,
    success boolean NOT NULL,
    payload json,
    payload_bytes integer NOT NULL,
    salt bytea,
    payload_digest bytea NOT NULL,
    description text COLLATE "C" NOT NULL,
    owner_issuer text COLLATE "C" NOT NULL,
    owner_subject text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL CHECK (recorded_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    digest bytea NOT NULL,
    idempotency_key text COLLATE "C"
)
--
CREATE UNIQUE INDEX events_key ON {schema}.events (owner_issuer, owner_subject, idempotency_key)
    WHERE idempotency_key IS NOT NULL
--
CREATE INDEX events_gate ON {schema}.events (unit_key, receiver_id, n) INCLUDE (success)
--
CREATE INDEX events_unit ON {schema}.events (unit_key, recorded_at, id)
--
CREATE INDEX events_receiver ON {schema}.events (receiver_id, recorded_at, id)
--
CREATE INDEX events_recorded ON {schema}.events (recorded_at, id)
--

-- Odd numbers are "completed", even ones "reopened".
CREATE TABLE {schema}.transitions (
    group_id uuid NOT NULL,
    unit_key uuid NOT NULL,
    number integer NOT NULL,
    group_revision integer NOT NULL,
    event_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, unit_key, number)
)
--
CREATE INDEX transitions_event ON {schema}.transitions (event_id) WHERE event_id IS NOT NULL
--

-- The clock is the database's. Only the owner of the tables may tell another time: tests do.
CREATE FUNCTION {schema}.may_tell_time() RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    IF NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
        RAISE EXCEPTION 'only the owner of a registry may tell the time' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$body$
--
