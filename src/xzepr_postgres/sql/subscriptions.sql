-- Subscriptions: durable cursors, each held by one process at a time. Who may use them changes these tables directly.

-- Fencing tokens: they rise with every lease, also over the deletion of a subscription.
CREATE SEQUENCE {schema}.lease_tokens
--

CREATE TABLE {schema}.subscriptions (
    owner_issuer text COLLATE "C" NOT NULL,
    owner_subject text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    change_id uuid,
    token bigint NOT NULL DEFAULT nextval('{schema_in_text}.lease_tokens'),
    held_until timestamptz CHECK (held_until BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    PRIMARY KEY (owner_issuer, owner_subject, name)
) WITH (fillfactor = 50)
--

CREATE TABLE {schema}.parked (
    owner_issuer text COLLATE "C" NOT NULL,
    owner_subject text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    change_id uuid NOT NULL,
    attempts integer NOT NULL,
    error text COLLATE "C" NOT NULL,
    parked_at timestamptz NOT NULL CHECK (parked_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    PRIMARY KEY (owner_issuer, owner_subject, name, position),
    FOREIGN KEY (owner_issuer, owner_subject, name) REFERENCES {schema}.subscriptions ON DELETE CASCADE
)
--
