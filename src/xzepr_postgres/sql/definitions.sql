-- Changes of definitions: receivers and groups. Each is one call, holds the definitions lock exclusively (but for a new
-- receiver, of which no append can know), and answers with an outcome and a detail, mostly what it found stored: a refusal
-- is no error, which would abort the transaction of a host.
--
-- Outcomes: done, known (the id is stored), deleted (the id was), missing, stale (another revision is stored), taken (the
-- name, type and version are), events and groups (they refer to it), receiver (a receiver is missing), crowded (receivers
-- stand in too many enabled groups), isolation (only a transaction at READ COMMITTED can know).

-- Ids are never free again.
CREATE TABLE {schema}.deleted_receivers (id uuid PRIMARY KEY)
--

CREATE FUNCTION {schema}.receiver_json_v1(r {schema}.receivers) RETURNS json
LANGUAGE sql STABLE
AS $body$
    SELECT json_build_object(
        'id', r.id, 'name', r.name, 'type', r.type, 'version', r.version, 'description', r.description,
        'schema_text', r.schema_text, 'fingerprint', encode(r.fingerprint, 'hex'), 'owner_issuer', r.owner_issuer,
        'owner_subject', r.owner_subject, 'revision', r.revision, 'created_at', r.created_at, 'updated_at', r.updated_at
    )
$body$
--

CREATE FUNCTION {schema}.group_json_v1(g {schema}.groups) RETURNS json
LANGUAGE sql STABLE
AS $body$
    SELECT json_build_object(
        'id', g.id, 'name', g.name, 'type', g.type, 'version', g.version, 'description', g.description,
        'receiver_ids', g.receiver_ids, 'enabled', g.enabled, 'owner_issuer', g.owner_issuer,
        'owner_subject', g.owner_subject, 'revision', g.revision, 'created_at', g.created_at, 'updated_at', g.updated_at,
        'deleted', g.deleted
    )
$body$
--

-- Definitions change one at a time.
CREATE FUNCTION {schema}.lock_changes() RETURNS void
LANGUAGE sql
AS $body$
    SELECT pg_advisory_xact_lock({changes_lock});
$body$
--

CREATE FUNCTION {schema}.exclude_appends() RETURNS void
LANGUAGE plpgsql
SET lock_timeout = '200ms'
AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock({definitions_lock});
END
$body$
--

-- Waits for every append that is under way; those to come wait for this transaction. An append above READ COMMITTED whose
-- snapshot is older meets the new version and fails with 40001.
--
-- Whoever waits here holds up all appends behind it. So it gives up after a moment, lets them pass and tries again, as
-- long as lock_timeout has it; without one, for so long that a deadlock that nobody sees comes to an end.
CREATE FUNCTION {schema}.lock_definitions() RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    patience interval := coalesce(nullif(CAST(current_setting('lock_timeout') AS interval), '0'), '5 s');
    until timestamptz := clock_timestamp() + patience;
BEGIN
    PERFORM lock_changes();
    LOOP
        BEGIN
            PERFORM exclude_appends();
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() > until THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_sleep(0.2 + 0.2 * random());
    END LOOP;
    UPDATE definitions SET version = version + 1;
END
$body$
--

-- Tells the time of a change, after every wait.
CREATE FUNCTION {schema}.time_of_change(told timestamptz) RETURNS timestamptz
LANGUAGE plpgsql
AS $body$
BEGIN
    IF told IS NOT NULL THEN
        PERFORM may_tell_time();
    END IF;
    RETURN coalesce(told, clock_timestamp());
END
$body$
--

CREATE FUNCTION {schema}.create_receiver_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off
AS $body$
DECLARE
    stored receivers;
    at timestamptz;
BEGIN
    PERFORM lock_changes();
    SELECT r.* INTO stored FROM receivers r WHERE r.id = CAST(given ->> 'id' AS uuid);
    IF FOUND THEN
        RETURN QUERY SELECT 'known', receiver_json_v1(stored);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM deleted_receivers d WHERE d.id = CAST(given ->> 'id' AS uuid)) THEN
        RETURN QUERY SELECT 'deleted', NULL::json;
        RETURN;
    END IF;
    SELECT r.* INTO stored FROM receivers r WHERE r.naming = decode(given ->> 'naming', 'hex');
    IF FOUND THEN
        RETURN QUERY SELECT 'taken', receiver_json_v1(stored);
        RETURN;
    END IF;
    at := time_of_change(told);
    INSERT INTO receivers AS r (
        id, naming, name, type, version, description, schema_text, fingerprint, owner_issuer, owner_subject, revision,
        created_at, updated_at
    ) VALUES (
        CAST(given ->> 'id' AS uuid), decode(given ->> 'naming', 'hex'), given ->> 'name', given ->> 'type',
        given ->> 'version', given ->> 'description', given ->> 'schema_text', decode(given ->> 'fingerprint', 'hex'),
        given ->> 'owner_issuer', given ->> 'owner_subject', 1, at, at
    ) RETURNING r.* INTO stored;
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, receiver_id, snapshot)
    VALUES (3, at, actor_issuer, actor_subject, stored.id, receiver_json_v1(stored));
    RETURN QUERY SELECT 'done', receiver_json_v1(stored);
END
$body$
--

CREATE FUNCTION {schema}.update_receiver_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    stored receivers;
    other receivers;
    at timestamptz;
BEGIN
    PERFORM lock_definitions();
    SELECT r.* INTO stored FROM receivers r WHERE r.id = CAST(given ->> 'id' AS uuid);
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::json;
        RETURN;
    END IF;
    IF stored.revision <> CAST(given ->> 'revision' AS numeric) THEN
        RETURN QUERY SELECT 'stale', receiver_json_v1(stored);
        RETURN;
    END IF;
    IF (stored.fingerprint, stored.schema_text)
        IS DISTINCT FROM (decode(given ->> 'fingerprint', 'hex'), given ->> 'schema_text') THEN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RETURN QUERY SELECT 'isolation', NULL::json;
            RETURN;
        END IF;
        IF EXISTS (SELECT FROM events e WHERE e.receiver_id = stored.id) THEN
            RETURN QUERY SELECT 'events', NULL::json;
            RETURN;
        END IF;
    END IF;
    SELECT r.* INTO other FROM receivers r WHERE r.naming = decode(given ->> 'naming', 'hex') AND r.id <> stored.id;
    IF FOUND THEN
        RETURN QUERY SELECT 'taken', receiver_json_v1(other);
        RETURN;
    END IF;
    at := time_of_change(told);
    UPDATE receivers r SET
        naming = decode(given ->> 'naming', 'hex'), name = given ->> 'name', type = given ->> 'type',
        version = given ->> 'version', description = given ->> 'description', schema_text = given ->> 'schema_text',
        fingerprint = decode(given ->> 'fingerprint', 'hex'), revision = r.revision + 1, updated_at = at
    WHERE r.id = stored.id RETURNING r.* INTO stored;
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, receiver_id, snapshot)
    VALUES (4, at, actor_issuer, actor_subject, stored.id, receiver_json_v1(stored));
    RETURN QUERY SELECT 'done', receiver_json_v1(stored);
END
$body$
--

CREATE FUNCTION {schema}.delete_receiver_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    stored receivers;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN QUERY SELECT 'isolation', NULL::json;
        RETURN;
    END IF;
    PERFORM lock_definitions();
    SELECT r.* INTO stored FROM receivers r WHERE r.id = CAST(given ->> 'id' AS uuid);
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::json;
        RETURN;
    END IF;
    IF stored.revision <> CAST(given ->> 'revision' AS numeric) THEN
        RETURN QUERY SELECT 'stale', receiver_json_v1(stored);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM events e WHERE e.receiver_id = stored.id) THEN
        RETURN QUERY SELECT 'events', NULL::json;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM group_receivers gr WHERE gr.receiver_id = stored.id) THEN
        RETURN QUERY SELECT 'groups', NULL::json;
        RETURN;
    END IF;
    DELETE FROM receivers r WHERE r.id = stored.id;
    INSERT INTO deleted_receivers VALUES (stored.id);
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, receiver_id, snapshot)
    VALUES (5, time_of_change(told), actor_issuer, actor_subject, stored.id, receiver_json_v1(stored));
    RETURN QUERY SELECT 'done', receiver_json_v1(stored);
END
$body$
--

-- Which receivers of a group are missing, or stand in too many other enabled groups; an outcome, or nothing.
CREATE FUNCTION {schema}.check_group(given json)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql STABLE
AS $body$
DECLARE
    missing uuid;
    crowded json;
BEGIN
    SELECT CAST(m.id AS uuid) INTO missing
    FROM json_array_elements_text(given -> 'receiver_ids') WITH ORDINALITY AS m (id, place)
    WHERE NOT EXISTS (SELECT FROM receivers r WHERE r.id = CAST(m.id AS uuid))
    ORDER BY m.place LIMIT 1;
    IF FOUND THEN
        RETURN QUERY SELECT 'receiver', json_build_object('id', missing);
        RETURN;
    END IF;
    IF NOT CAST(given ->> 'enabled' AS boolean) THEN
        RETURN;
    END IF;
    SELECT json_agg(m.place - 1 ORDER BY m.place) INTO crowded
    FROM json_array_elements_text(given -> 'receiver_ids') WITH ORDINALITY AS m (id, place)
    WHERE CAST(given ->> 'max_enabled_groups' AS integer) <= (
        SELECT count(*) FROM group_receivers gr
        WHERE gr.receiver_id = CAST(m.id AS uuid) AND gr.enabled AND gr.group_id <> CAST(given ->> 'id' AS uuid)
    );
    IF crowded IS NOT NULL THEN
        RETURN QUERY SELECT 'crowded', crowded;
    END IF;
END
$body$
--

-- Keeps the revision of a group that is stored now, and indexes which enabled groups its receivers stand in.
CREATE FUNCTION {schema}.keep_revision(stored {schema}.groups)
RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    UPDATE group_receivers gr SET enabled = false WHERE gr.group_id = stored.id AND gr.enabled;
    IF NOT stored.deleted THEN
        INSERT INTO group_revisions VALUES (
            stored.id, stored.revision, stored.name, stored.type, stored.version, stored.description,
            stored.receiver_ids, stored.enabled, stored.updated_at
        );
        INSERT INTO group_receivers (receiver_id, group_id, enabled)
        SELECT m.id, stored.id, stored.enabled FROM unnest(stored.receiver_ids) m (id)
        ON CONFLICT (receiver_id, group_id) DO UPDATE SET enabled = excluded.enabled;
    END IF;
END
$body$
--

CREATE FUNCTION {schema}.create_group_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    stored groups;
    at timestamptz;
BEGIN
    PERFORM lock_definitions();
    SELECT g.* INTO stored FROM groups g WHERE g.id = CAST(given ->> 'id' AS uuid);
    IF FOUND THEN
        RETURN QUERY SELECT 'known', group_json_v1(stored);
        RETURN;
    END IF;
    SELECT g.* INTO stored FROM groups g WHERE g.naming = decode(given ->> 'naming', 'hex');
    IF FOUND THEN
        RETURN QUERY SELECT 'taken', group_json_v1(stored);
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM check_group(given);
    IF FOUND THEN
        RETURN;
    END IF;
    at := time_of_change(told);
    INSERT INTO groups AS g (
        id, naming, name, type, version, description, receiver_ids, enabled, owner_issuer, owner_subject, revision,
        created_at, updated_at
    ) VALUES (
        CAST(given ->> 'id' AS uuid), decode(given ->> 'naming', 'hex'), given ->> 'name', given ->> 'type',
        given ->> 'version', given ->> 'description',
        ARRAY(SELECT CAST(m AS uuid) FROM json_array_elements_text(given -> 'receiver_ids') m),
        CAST(given ->> 'enabled' AS boolean), given ->> 'owner_issuer', given ->> 'owner_subject', 1, at, at
    ) RETURNING g.* INTO stored;
    PERFORM keep_revision(stored);
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, group_id, revision, snapshot)
    VALUES (6, at, actor_issuer, actor_subject, stored.id, stored.revision, group_json_v1(stored));
    RETURN QUERY SELECT 'done', group_json_v1(stored);
END
$body$
--

CREATE FUNCTION {schema}.update_group_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    stored groups;
    other groups;
    at timestamptz;
BEGIN
    PERFORM lock_definitions();
    SELECT g.* INTO stored FROM groups g WHERE g.id = CAST(given ->> 'id' AS uuid) AND NOT g.deleted;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::json;
        RETURN;
    END IF;
    IF stored.revision <> CAST(given ->> 'revision' AS numeric) THEN
        RETURN QUERY SELECT 'stale', group_json_v1(stored);
        RETURN;
    END IF;
    SELECT g.* INTO other FROM groups g WHERE g.naming = decode(given ->> 'naming', 'hex') AND g.id <> stored.id;
    IF FOUND THEN
        RETURN QUERY SELECT 'taken', group_json_v1(other);
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM check_group(given);
    IF FOUND THEN
        RETURN;
    END IF;
    at := time_of_change(told);
    UPDATE groups g SET
        naming = decode(given ->> 'naming', 'hex'), name = given ->> 'name', type = given ->> 'type',
        version = given ->> 'version', description = given ->> 'description',
        receiver_ids = ARRAY(SELECT CAST(m AS uuid) FROM json_array_elements_text(given -> 'receiver_ids') m),
        enabled = CAST(given ->> 'enabled' AS boolean), revision = g.revision + 1, updated_at = at
    WHERE g.id = stored.id RETURNING g.* INTO stored;
    PERFORM keep_revision(stored);
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, group_id, revision, snapshot)
    VALUES (7, at, actor_issuer, actor_subject, stored.id, stored.revision, group_json_v1(stored));
    RETURN QUERY SELECT 'done', group_json_v1(stored);
END
$body$
--

CREATE FUNCTION {schema}.delete_group_v1(given json, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    stored groups;
BEGIN
    PERFORM lock_definitions();
    SELECT g.* INTO stored FROM groups g WHERE g.id = CAST(given ->> 'id' AS uuid) AND NOT g.deleted;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::json;
        RETURN;
    END IF;
    IF stored.revision <> CAST(given ->> 'revision' AS numeric) THEN
        RETURN QUERY SELECT 'stale', group_json_v1(stored);
        RETURN;
    END IF;
    UPDATE groups g SET deleted = true, naming = NULL WHERE g.id = stored.id RETURNING g.* INTO stored;
    PERFORM keep_revision(stored);
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, group_id, revision, snapshot)
    VALUES (8, time_of_change(told), actor_issuer, actor_subject, stored.id, stored.revision, group_json_v1(stored));
    RETURN QUERY SELECT 'done', group_json_v1(stored);
END
$body$
--

-- Judges the next units concerned by a group: those with an event of one of its receivers, or with a transition of it.
-- It looks at no more than "examined" units and judges no more than "most". Appends made before the group became what it
-- is are committed by now, because that change has waited for them; those made since have judged by it.
CREATE FUNCTION {schema}.reevaluate_v1(
    asked uuid, after uuid, most integer, examined integer, actor_issuer text, actor_subject text, told timestamptz
) RETURNS TABLE (outcome text, detail json)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp
SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
DECLARE
    -- No unit has the least key: it is a digest.
    behind uuid := coalesce(after, '00000000-0000-0000-0000-000000000000');
    before groups;
    stored groups;
    keys uuid[];
    onward uuid;
    due json;
    at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN QUERY SELECT 'isolation', NULL::json;
        RETURN;
    END IF;
    LOOP
        SELECT g.* INTO before FROM groups g WHERE g.id = asked AND NOT g.deleted;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'missing', NULL::json;
            RETURN;
        END IF;
        -- What takes long is done before anybody has to wait.
        SELECT array_agg(c.key ORDER BY c.key) INTO keys
        FROM (
            SELECT w.key
            FROM (SELECT u.key FROM units u WHERE u.key > behind ORDER BY u.key LIMIT examined) w
            -- OFFSET 0: one look into an index each, never all transitions of the group, or all events of the unit.
            WHERE EXISTS (SELECT FROM transitions t WHERE t.group_id = asked AND t.unit_key = w.key OFFSET 0)
                OR EXISTS (
                    SELECT FROM unnest(before.receiver_ids) m (id)
                    WHERE EXISTS (SELECT FROM events e WHERE e.unit_key = w.key AND e.receiver_id = m.id OFFSET 0)
                )
            ORDER BY w.key LIMIT most
        ) c;
        IF cardinality(keys) = most THEN
            onward := keys[most];
        ELSE
            onward := (
                SELECT u.key FROM units u WHERE u.key > behind
                ORDER BY u.key OFFSET examined - 1 LIMIT 1
            );
        END IF;
        PERFORM lock_definitions();
        SELECT g.* INTO stored FROM groups g WHERE g.id = asked AND NOT g.deleted;
        EXIT WHEN stored.revision = before.revision;
    END LOOP;
    at := time_of_change(told);
    WITH judged AS (
        SELECT k.key, stored.enabled AND (
                SELECT bool_and(coalesce((
                    SELECT e.success FROM events e
                    WHERE e.unit_key = k.key AND e.receiver_id = m.id
                    ORDER BY e.n DESC LIMIT 1
                ), false))
                FROM unnest(stored.receiver_ids) m (id)
            ) AS complete,
            coalesce((
                SELECT t.number FROM transitions t
                WHERE t.group_id = asked AND t.unit_key = k.key
                ORDER BY t.number DESC LIMIT 1
            ), 0) AS last
        FROM unnest(keys) k (key)
    ), noted AS (
        INSERT INTO transitions (group_id, unit_key, number, group_revision, recorded_at)
        SELECT asked, j.key, j.last + 1, stored.revision, at FROM judged j WHERE j.complete <> (j.last % 2 = 1)
        RETURNING unit_key, number
    ), staged AS (
        INSERT INTO staging (
            kind, recorded_at, actor_issuer, actor_subject, unit_key, group_id, revision, number
        )
        SELECT 10 - n.number % 2, at, reevaluate_v1.actor_issuer, reevaluate_v1.actor_subject, n.unit_key, asked,
            stored.revision, n.number
        FROM noted n ORDER BY n.unit_key
    )
    SELECT json_agg(json_build_array(n.number, u.name, u.version, u.release, u.platform_id, u.package)
        ORDER BY n.unit_key)
    INTO due
    FROM noted n JOIN units u ON u.key = n.unit_key;
    RETURN QUERY SELECT 'done', json_build_object(
        'group', group_json_v1(stored), 'units', coalesce(cardinality(keys), 0), 'next', onward,
        'transitions', coalesce(due, '[]'), 'at', at
    );
END
$body$
--

-- Erases payload and salt of an event. Outcomes: done, known (it was redacted before), missing.
CREATE FUNCTION {schema}.redact_v1(asked uuid, reason text, actor_issuer text, actor_subject text, told timestamptz)
RETURNS TABLE (outcome text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off
AS $body$
BEGIN
    UPDATE events e SET payload = NULL, salt = NULL WHERE e.id = asked AND e.salt IS NOT NULL;
    IF NOT FOUND THEN
        RETURN QUERY SELECT CASE WHEN EXISTS (SELECT FROM events e WHERE e.id = asked) THEN 'known' ELSE 'missing' END;
        RETURN;
    END IF;
    INSERT INTO staging (kind, recorded_at, actor_issuer, actor_subject, event_id, snapshot)
    VALUES (2, time_of_change(told), actor_issuer, actor_subject, asked, json_build_object('reason', reason));
    RETURN QUERY SELECT 'done';
END
$body$
--
