-- Appending: a batch in, one outcome for each event out, in one statement of the caller.
--
-- The order of work decides everything (measured; see the design):
-- 1. the definitions lock, shared; 2. the rows of the units, sorted, so that nothing deadlocks; 3. only then numbers are
-- drawn; 4. events are judged in rounds, the k-th holding the k-th event of each unit, so that a batch is judged one by
-- one; 5. changes are staged in the order of the batch: an event, its transitions, the next event.
--
-- The rule is that of xzepr.model.gates, a second time; in append_one.sql it stands for a single event. A test binds the
-- three.

-- An event as it is handed over, in the names of batches.py, and what is found out about it: its outcome; as which event it
-- is known; among the accepted events of its unit the how-maniest it is, and how many are behind it; the place of its unit
-- among those of the batch, in the order of their keys.
CREATE TYPE {schema}.append_item AS (
    place integer,
    id uuid,
    unit_key uuid,
    name text,
    version text,
    release text,
    platform_id text,
    package text,
    receiver_id uuid,
    receiver_fingerprint bytea,
    success boolean,
    payload json,
    salt bytea,
    payload_digest bytea,
    description text,
    owner_issuer text,
    owner_subject text,
    occurred_at timestamptz,
    digest bytea,
    idempotency_key text,
    outcome smallint,
    known uuid,
    rank bigint,
    behind bigint,
    unit_place bigint
)
--
CREATE TYPE {schema}.append_due AS (
    place integer,
    unit_key uuid,
    event_id uuid,
    group_id uuid,
    revision integer,
    number integer,
    name text,
    type text,
    version text
)
--
-- Marks the items whose id or key an earlier item of the same batch takes: they are known as that one.
CREATE FUNCTION {schema}.tell_repeated(items {schema}.append_item[]) RETURNS {schema}.append_item[]
LANGUAGE plpgsql STABLE
AS $body$
DECLARE
    ids uuid[] := '{}';
    keys text[] := '{}';
    this {schema}.append_item;
    key text;
    earlier integer;
BEGIN
    IF NOT (
        SELECT count(*) > count(DISTINCT i.id)
            OR count(i.idempotency_key) > count(DISTINCT (i.owner_issuer, i.owner_subject, i.idempotency_key))
                FILTER (WHERE i.idempotency_key IS NOT NULL)
        FROM unnest(items) i
    ) THEN
        RETURN items;
    END IF;
    FOR k IN 1..cardinality(items) LOOP
        this := items[k];
        CONTINUE WHEN this.outcome <> 1;
        -- No control character stands in any of the three.
        key := this.owner_issuer || E'\x1f' || this.owner_subject || E'\x1f' || this.idempotency_key;
        earlier := coalesce(array_position(ids, this.id), CASE WHEN key IS NOT NULL THEN array_position(keys, key) END);
        IF earlier IS NULL THEN
            ids := ids || this.id;
            keys := keys || key;
        ELSE
            this.outcome := 2;
            this.known := ids[earlier];
            items[k] := this;
        END IF;
    END LOOP;
    RETURN items;
END
$body$
--
-- Outcomes: 1 recorded, 2 the id or key is known (event_id says as what), 3 receiver missing, 4 receiver changed. Behind
-- the row of an event stand the transitions that it caused, each a row without an outcome.
--
-- No array is joined with another: that would make the work grow with the square of the batch.
CREATE FUNCTION {schema}.append_v1(batch json, actor_issuer text, actor_subject text, told timestamptz DEFAULT NULL)
RETURNS TABLE (place integer, outcome smallint, event_id uuid, n bigint, recorded_at timestamptz, transition json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp
SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    items append_item[];
    accepted append_item[];
    lasts bigint[];  -- of each unit, the number of its last event, in the order of their keys
    due append_due[] := '{}';
    due_now append_due[];
    rounds bigint;
    units_met bigint;
    drawn bigint;
    at timestamptz;
BEGIN
    IF told IS NOT NULL THEN
        PERFORM may_tell_time();
    END IF;
    PERFORM pg_advisory_xact_lock_shared({definitions_lock});
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM FROM definitions FOR SHARE;
    END IF;

    -- json_to_recordset makes no difference between the payload null and none; there is always one.
    SELECT array_agg(ROW(
            i.place, i.id, i.unit_key, i.name, i.version, i.release, i.platform_id, i.package, i.receiver_id,
            i.receiver_fingerprint, i.success, coalesce(i.payload, 'null'), i.salt, i.payload_digest, i.description,
            i.owner_issuer, i.owner_subject, i.occurred_at, i.digest, i.idempotency_key,
            CASE
                WHEN e.id IS NOT NULL OR k.id IS NOT NULL THEN 2
                WHEN r.fingerprint IS NULL THEN 3
                WHEN r.fingerprint <> i.receiver_fingerprint THEN 4
                ELSE 1
            END,
            coalesce(e.id, k.id), NULL, NULL, NULL
        )::append_item ORDER BY i.place)
    INTO items
    FROM json_to_recordset(batch) AS i (
        place integer, id uuid, unit_key uuid, name text, version text, release text, platform_id text, package text,
        receiver_id uuid, receiver_fingerprint bytea, success boolean, payload json, salt bytea, payload_digest bytea,
        description text, owner_issuer text, owner_subject text, occurred_at timestamptz, digest bytea,
        idempotency_key text
    )
    LEFT JOIN events e ON e.id = i.id
    LEFT JOIN events k ON i.idempotency_key IS NOT NULL AND k.idempotency_key = i.idempotency_key
        AND k.owner_issuer = i.owner_issuer AND k.owner_subject = i.owner_subject
    LEFT JOIN receivers r ON r.id = i.receiver_id;
    items := tell_repeated(items);

    SELECT array_agg(ROW(
            a.place, a.id, a.unit_key, a.name, a.version, a.release, a.platform_id, a.package, a.receiver_id,
            a.receiver_fingerprint, a.success, a.payload, a.salt, a.payload_digest, a.description, a.owner_issuer,
            a.owner_subject, a.occurred_at, a.digest, a.idempotency_key, a.outcome, a.known, a.rank_in_unit,
            a.in_unit - a.rank_in_unit, a.place_of_unit
        )::append_item ORDER BY a.place), max(a.rank_in_unit), max(a.place_of_unit)
    INTO accepted, rounds, units_met
    FROM (
        SELECT u.*, row_number() OVER (PARTITION BY u.unit_key ORDER BY u.place) AS rank_in_unit,
            count(*) OVER (PARTITION BY u.unit_key) AS in_unit, dense_rank() OVER (ORDER BY u.unit_key) AS place_of_unit
        FROM unnest(items) u WHERE u.outcome = 1
    ) a;

    IF rounds > 0 THEN
        WITH upserted AS (
            INSERT INTO units AS u (key, name, version, release, platform_id, package, n)
            SELECT a.unit_key, a.name, a.version, a.release, a.platform_id, a.package, a.rank
            FROM unnest(accepted) a WHERE a.behind = 0 ORDER BY a.unit_key
            ON CONFLICT (key) DO UPDATE SET n = u.n + excluded.n
                WHERE (u.name, u.version, u.release, u.platform_id, u.package)
                    = (excluded.name, excluded.version, excluded.release, excluded.platform_id, excluded.package)
            RETURNING u.key, u.n
        )
        SELECT array_agg(u.n ORDER BY u.key) INTO lasts FROM upserted u;
        IF coalesce(cardinality(lasts), 0) < units_met THEN
            RAISE EXCEPTION 'two units have one key' USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        at := coalesce(told, clock_timestamp());
        FOR k IN 1..rounds LOOP
            WITH this AS (
                SELECT a.*, lasts[a.unit_place] - a.behind AS unit_n FROM unnest(accepted) a WHERE a.rank = k
            ), stored AS (
                INSERT INTO events (
                    id, unit_key, n, receiver_id, receiver_fingerprint, success, payload, payload_bytes, salt,
                    payload_digest, description, owner_issuer, owner_subject, occurred_at, recorded_at, digest,
                    idempotency_key
                )
                SELECT t.id, t.unit_key, t.unit_n, t.receiver_id, t.receiver_fingerprint, t.success, t.payload,
                    octet_length(t.payload::text), t.salt, t.payload_digest, t.description, t.owner_issuer,
                    t.owner_subject, t.occurred_at, at, t.digest, t.idempotency_key
                FROM this t
            ), moved AS (
                SELECT t.place, t.unit_key, t.id, t.receiver_id, t.success
                FROM this t
                LEFT JOIN LATERAL (
                    SELECT e.success FROM events e
                    WHERE e.unit_key = t.unit_key AND e.receiver_id = t.receiver_id
                    ORDER BY e.n DESC LIMIT 1
                ) before ON true
                WHERE before.success IS DISTINCT FROM t.success
            ), judged AS (
                SELECT m.place, m.unit_key, m.id, g.id AS group_id, g.revision, g.name, g.type, g.version,
                    (
                        SELECT bool_and(CASE WHEN r.id = m.receiver_id THEN m.success ELSE coalesce((
                            SELECT e.success FROM events e
                            WHERE e.unit_key = m.unit_key AND e.receiver_id = r.id
                            ORDER BY e.n DESC LIMIT 1
                        ), false) END)
                        FROM unnest(g.receiver_ids) r (id)
                    ) AS complete,
                    coalesce((
                        SELECT t.number FROM transitions t
                        WHERE t.group_id = g.id AND t.unit_key = m.unit_key
                        ORDER BY t.number DESC LIMIT 1
                    ), 0) AS last
                FROM moved m
                JOIN group_receivers gr ON gr.receiver_id = m.receiver_id AND gr.enabled
                JOIN groups g ON g.id = gr.group_id
            ), changed AS (
                SELECT j.*, j.last + 1 AS number FROM judged j WHERE j.complete <> (j.last % 2 = 1)
            ), noted AS (
                INSERT INTO transitions (group_id, unit_key, number, group_revision, event_id, recorded_at)
                SELECT c.group_id, c.unit_key, c.number, c.revision, c.id, at FROM changed c
            )
            SELECT array_agg(ROW(
                c.place, c.unit_key, c.id, c.group_id, c.revision, c.number, c.name, c.type, c.version
            )::append_due)
            INTO due_now
            FROM changed c;
            due := due || coalesce(due_now, '{}');
        END LOOP;

        -- One number, so that no change of another transaction comes between an event and its transitions.
        drawn := nextval('staging_seq');
        INSERT INTO staging (
            seq, place, kind, recorded_at, actor_issuer, actor_subject, event_id, unit_key, receiver_id, group_id,
            revision, number, success
        )
        SELECT drawn, row_number() OVER (ORDER BY s.place, s.group_id NULLS FIRST), s.kind, at,
            append_v1.actor_issuer, append_v1.actor_subject, s.event_id, s.unit_key, s.receiver_id, s.group_id,
            s.revision, s.number, s.success
        FROM (
            SELECT a.place, 1 AS kind, a.id AS event_id, a.unit_key, a.receiver_id, NULL::uuid AS group_id,
                NULL::integer AS revision, NULL::integer AS number, a.success
            FROM unnest(accepted) a
            UNION ALL
            SELECT d.place, 10 - d.number % 2, d.event_id, d.unit_key, NULL, d.group_id, d.revision, d.number, NULL
            FROM unnest(due) d
        ) s;
    END IF;

    RETURN QUERY
    SELECT s.place, s.outcome, s.event_id, s.n, s.recorded_at, s.transition
    FROM (
        SELECT i.place, i.outcome, coalesce(i.known, i.id) AS event_id, NULL::bigint AS n,
            NULL::timestamptz AS recorded_at, NULL::uuid AS group_id, NULL::json AS transition
        FROM unnest(items) i WHERE i.outcome <> 1
        UNION ALL
        SELECT a.place, a.outcome, a.id, lasts[a.unit_place] - a.behind, at, NULL, NULL FROM unnest(accepted) a
        UNION ALL
        SELECT d.place, NULL, d.event_id, NULL, NULL, d.group_id,
            json_build_array(d.group_id, d.revision, d.name, d.type, d.version, d.number)
        FROM unnest(due) d
    ) s
    ORDER BY s.place, s.group_id NULLS FIRST;
END
$body$
--
