-- The feed: writers stage, a sequencer run by whoever reads gives dense positions. {schema} is the quoted schema.

CREATE SEQUENCE {schema}.staging_seq CACHE 1
--

-- An append draws one number for all its changes: so nothing comes between an event and its transitions.
CREATE TABLE {schema}.staging (
    seq bigint NOT NULL DEFAULT nextval('{schema_in_text}.staging_seq'),
    place integer NOT NULL DEFAULT 1,
    change_id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 10),
    recorded_at timestamptz NOT NULL CHECK (recorded_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    actor_issuer text COLLATE "C" NOT NULL,
    actor_subject text COLLATE "C" NOT NULL,
    event_id uuid,
    unit_key uuid,
    receiver_id uuid,
    group_id uuid,
    revision integer,
    number integer,
    success boolean,
    snapshot json,
    PRIMARY KEY (seq, place)
)
--

CREATE TABLE {schema}.feed (
    position bigint PRIMARY KEY,
    change_id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 10),
    recorded_at timestamptz NOT NULL CHECK (recorded_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    actor_issuer text COLLATE "C" NOT NULL,
    actor_subject text COLLATE "C" NOT NULL,
    event_id uuid,
    unit_key uuid,
    receiver_id uuid,
    group_id uuid,
    revision integer,
    number integer,
    success boolean,
    snapshot json
)
--
-- What a gate said as of a position, and which revision of a group held there.
CREATE INDEX feed_gate ON {schema}.feed (unit_key, receiver_id, position) WHERE receiver_id IS NOT NULL AND unit_key IS NOT NULL
--
CREATE INDEX feed_group ON {schema}.feed (group_id, position) WHERE kind IN (6, 7, 8)
--

-- Figures about the events of a receiver, kept up by the sequencer; the latest ones by their positions.
CREATE TABLE {schema}.receiver_figures (
    receiver_id uuid PRIMARY KEY,
    succeeded bigint NOT NULL,
    failed bigint NOT NULL,
    latest bigint NOT NULL,
    latest_successful bigint
) WITH (fillfactor = 50)
--

-- head: the newest position. low: nothing staged at or below it is still to come.
-- mark is to be the next low, horizon the id of the transaction that noted it, before it had an id itself: a writer draws
-- its number after its first write, so whoever drew a number up to mark has an older id. Once all older ones have ended,
-- low rises to mark. home: the table in which this was noted; in another one, restored or replicated, neither the
-- sequence nor the transaction ids need be the same. (A snapshot's xmax does not do: it bounds what has ended, not what has begun. Measured: 7 of 1,929
-- changes lost. Nor does the id of any later sequencing: one that waits for the row lock may have got its id before.)
CREATE TABLE {schema}.feed_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    head bigint NOT NULL DEFAULT 0,
    low bigint NOT NULL DEFAULT 0,
    mark bigint NOT NULL DEFAULT 0,
    horizon xid8,
    home oid NOT NULL DEFAULT 0
) WITH (fillfactor = 50)
--
INSERT INTO {schema}.feed_head DEFAULT VALUES
--

-- Moves "most" committed changes to the next positions, in the order in which they were staged, and those that the same
-- append has staged behind them. Returns how many; fewer than "most" means that none is left.
CREATE FUNCTION {schema}.sequence_v1(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp SET jit = off SET enable_seqscan = off
AS $body$
DECLARE
    at feed_head;
    drawn bigint;
    moved integer;
BEGIN
    SELECT * INTO at FROM feed_head;
    -- In a transaction that has its id already, this would say nothing about those with older ones.
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        drawn := (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM staging_seq);
    END IF;
    -- Noted elsewhere; or the sequence was left behind, as by a replication that carries rows alone.
    IF at.home <> CAST('{schema_in_text}.feed_head' AS regclass) OR drawn < at.low THEN
        UPDATE feed_head SET low = 0, mark = 0, horizon = NULL, home = tableoid RETURNING * INTO at;
    END IF;
    -- Whoever asks while nothing happens shall cost no write, and so no flush of the log.
    IF NOT EXISTS (SELECT FROM staging WHERE seq > at.low) AND (CASE
        WHEN at.horizon IS NOT NULL THEN pg_snapshot_xmin(pg_current_snapshot()) < at.horizon
        ELSE coalesce(drawn <= at.low, true)
    END) THEN
        RETURN 0;
    END IF;
    SELECT * INTO at FROM feed_head FOR UPDATE;
    -- A horizon that is still to come is one of another cluster, from before a restore.
    IF at.horizon IS NULL OR at.horizon > pg_current_xact_id() THEN
        IF drawn > at.low THEN
            at.mark := drawn;
            at.horizon := pg_current_xact_id();
        END IF;
    ELSIF pg_snapshot_xmin(pg_current_snapshot()) >= at.horizon
        AND NOT EXISTS (SELECT FROM staging WHERE seq > at.low AND seq <= at.mark) THEN
        at.low := at.mark;
        at.horizon := NULL;
    END IF;
    WITH taken AS (
        -- By ctid there is nothing to plan: with statistics from when nothing was staged, a join was 17,000,000 rows.
        -- What one append has staged goes together, so that nothing comes between an event and its transitions.
        DELETE FROM staging WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM staging WHERE seq > at.low AND seq <= coalesce(
                (SELECT seq FROM staging WHERE seq > at.low ORDER BY seq, place OFFSET most - 1 LIMIT 1), 9223372036854775807
            )
        ))
        RETURNING *
    )
    INSERT INTO feed
    SELECT at.head + row_number() OVER (ORDER BY seq, place), change_id, kind, recorded_at, actor_issuer, actor_subject,
        event_id, unit_key, receiver_id, group_id, revision, number, success, snapshot
    FROM taken ORDER BY seq, place;
    GET DIAGNOSTICS moved = ROW_COUNT;
    INSERT INTO receiver_figures AS f (receiver_id, succeeded, failed, latest, latest_successful)
    SELECT t.receiver_id, count(*) FILTER (WHERE t.success), count(*) FILTER (WHERE NOT t.success), max(t.position),
        max(t.position) FILTER (WHERE t.success)
    FROM feed t WHERE t.position > at.head AND t.position <= at.head + moved AND t.kind = 1
    GROUP BY t.receiver_id
    ON CONFLICT (receiver_id) DO UPDATE SET
        succeeded = f.succeeded + excluded.succeeded, failed = f.failed + excluded.failed,
        latest = excluded.latest, latest_successful = coalesce(excluded.latest_successful, f.latest_successful);
    UPDATE feed_head SET head = at.head + moved, low = at.low, mark = at.mark, horizon = at.horizon
    WHERE (head, low, mark, horizon) IS DISTINCT FROM (at.head + moved, at.low, at.mark, at.horizon);
    RETURN moved;
END
$body$
--
