-- Appending a single event, which is what most calls do: the same work as in append.sql, in the same order, without what a
-- batch needs. Through it a record takes about two thirds of the time (measured). The item is one of a batch.

-- Outcomes: 1 recorded, 2 the id or key is known (event_id says as what), 3 receiver missing, 4 receiver changed.
CREATE FUNCTION {schema}.append_one_v1(
    item json, actor_issuer text, actor_subject text, told timestamptz DEFAULT NULL,
    OUT outcome smallint, OUT event_id uuid, OUT n bigint, OUT recorded_at timestamptz, OUT transitions json
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp
SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    new append_item := json_populate_record(NULL::append_item, item);
    known uuid;
    fingerprint bytea;
    moves boolean;
    verdict record;
    drawn bigint;
    due json[] := '{}';
BEGIN
    IF told IS NOT NULL THEN
        PERFORM may_tell_time();
    END IF;
    PERFORM pg_advisory_xact_lock_shared({definitions_lock});
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM FROM definitions FOR SHARE;
    END IF;

    event_id := new.id;
    SELECT coalesce(
            (SELECT e.id FROM events e WHERE e.id = new.id),
            CASE WHEN new.idempotency_key IS NOT NULL THEN (
                SELECT e.id FROM events e
                WHERE e.owner_issuer = new.owner_issuer AND e.owner_subject = new.owner_subject
                    AND e.idempotency_key = new.idempotency_key
            ) END
        ),
        (SELECT r.fingerprint FROM receivers r WHERE r.id = new.receiver_id),
        EXISTS (SELECT FROM group_receivers m WHERE m.receiver_id = new.receiver_id AND m.enabled)
    INTO known, fingerprint, moves;
    outcome := CASE
        WHEN known IS NOT NULL THEN 2
        WHEN fingerprint IS NULL THEN 3
        WHEN fingerprint <> new.receiver_fingerprint THEN 4
        ELSE 1
    END;
    IF outcome <> 1 THEN
        event_id := coalesce(known, new.id);
        RETURN;
    END IF;

    INSERT INTO units AS u (key, name, version, release, platform_id, package, n)
    VALUES (new.unit_key, new.name, new.version, new.release, new.platform_id, new.package, 1)
    ON CONFLICT (key) DO UPDATE SET n = u.n + 1
        WHERE (u.name, u.version, u.release, u.platform_id, u.package)
            = (excluded.name, excluded.version, excluded.release, excluded.platform_id, excluded.package)
    RETURNING u.n INTO n;
    IF n IS NULL THEN
        RAISE EXCEPTION 'two units have one key' USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    recorded_at := coalesce(told, clock_timestamp());
    -- A receiver in no group moves nothing; the first event of a unit always does.
    IF moves AND n > 1 THEN
        moves := new.success IS DISTINCT FROM (
            SELECT e.success FROM events e
            WHERE e.unit_key = new.unit_key AND e.receiver_id = new.receiver_id
            ORDER BY e.n DESC LIMIT 1
        );
    END IF;
    -- json_populate_record makes no difference between the payload null and none; there is always one.
    new.payload := coalesce(new.payload, 'null');
    INSERT INTO events (
        id, unit_key, n, receiver_id, receiver_fingerprint, success, payload, payload_bytes, salt, payload_digest,
        description, owner_issuer, owner_subject, occurred_at, recorded_at, digest, idempotency_key
    ) VALUES (
        new.id, new.unit_key, append_one_v1.n, new.receiver_id, new.receiver_fingerprint, new.success, new.payload,
        octet_length(new.payload::text), new.salt, new.payload_digest, new.description, new.owner_issuer,
        new.owner_subject, new.occurred_at, append_one_v1.recorded_at, new.digest, new.idempotency_key
    );

    -- One number, so that no change of another transaction comes between an event and its transitions.
    drawn := nextval('staging_seq');
    INSERT INTO staging (
        seq, place, kind, recorded_at, actor_issuer, actor_subject, event_id, unit_key, receiver_id, success
    ) VALUES (
        drawn, 1, 1, append_one_v1.recorded_at, append_one_v1.actor_issuer, append_one_v1.actor_subject, new.id,
        new.unit_key, new.receiver_id, new.success
    );
    IF NOT moves THEN
        RETURN;
    END IF;

    FOR verdict IN
        SELECT g.id, g.revision, g.name, g.type, g.version,
            new.success AND NOT EXISTS (
                SELECT FROM unnest(g.receiver_ids) r (id)
                WHERE r.id <> new.receiver_id AND (
                    SELECT e.success FROM events e
                    WHERE e.unit_key = new.unit_key AND e.receiver_id = r.id
                    ORDER BY e.n DESC LIMIT 1
                ) IS NOT TRUE
            ) AS complete,
            coalesce((
                SELECT t.number FROM transitions t
                WHERE t.group_id = g.id AND t.unit_key = new.unit_key
                ORDER BY t.number DESC LIMIT 1
            ), 0) AS last
        FROM group_receivers m JOIN groups g ON g.id = m.group_id
        WHERE m.receiver_id = new.receiver_id AND m.enabled
        ORDER BY m.group_id
    LOOP
        CONTINUE WHEN verdict.complete = (verdict.last % 2 = 1);
        INSERT INTO transitions (group_id, unit_key, number, group_revision, event_id, recorded_at)
        VALUES (
            verdict.id, new.unit_key, verdict.last + 1, verdict.revision, new.id, append_one_v1.recorded_at
        );
        due := due || json_build_array(
            verdict.id, verdict.revision, verdict.name, verdict.type, verdict.version, verdict.last + 1
        );
        INSERT INTO staging (
            seq, place, kind, recorded_at, actor_issuer, actor_subject, event_id, unit_key, group_id, revision, number
        ) VALUES (
            drawn, 1 + cardinality(due), 10 - (verdict.last + 1) % 2, append_one_v1.recorded_at,
            append_one_v1.actor_issuer, append_one_v1.actor_subject, new.id, new.unit_key, verdict.id, verdict.revision,
            verdict.last + 1
        );
    END LOOP;
    transitions := array_to_json(due);
END
$body$
--
