-- Lists: windows of events, each a walk along one index, in its order, that ends when the window is full.
--
-- The planner has no choice here. A sort, or a walk along another index, reads all events of a unit or a receiver, or the
-- whole table, and it has taken that for cheaper (measured, for a page of 100: 100,201 rows with new statistics, 30,013 with
-- a plan for any parameters). So each walk is planned for its values, every other way is off, and the column before
-- recorded_at stands in the order and in both ends: no other index has that order.

-- Returns the events between a low end and a high one, neither of which belongs to them. A low end without an id does: it
-- means from that time on. "anchor" is the column before recorded_at, if there is one, and "anchored" its value.
CREATE FUNCTION {schema}.walk_events_v1(
    ids uuid[], anchor text, anchored uuid, newest_first boolean, low_time timestamptz, low_id uuid, high_time timestamptz,
    high_id uuid, most integer
) RETURNS TABLE (
    id uuid, recorded_at timestamptz, unit_key uuid, receiver_id uuid, success boolean, owner_issuer text,
    owner_subject text, bytes integer
)
LANGUAGE plpgsql STABLE
SET search_path = {schema}, pg_temp
SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off
SET max_parallel_workers_per_gather = 0
AS $body$
DECLARE
    direction text := CASE WHEN newest_first THEN 'DESC' ELSE 'ASC' END;
    columns text := CASE anchor
        WHEN 'unit_key' THEN 'e.unit_key, ' WHEN 'receiver_id' THEN 'e.receiver_id, ' ELSE ''
    END || 'e.recorded_at, e.id';
    of_value text := CASE WHEN anchor IS NULL THEN '' ELSE '$1, ' END;
    beyond text := CASE WHEN low_id IS NULL THEN '>=' ELSE '>' END;
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT e.id, e.recorded_at, e.unit_key, e.receiver_id, e.success, e.owner_issuer, e.owner_subject,
            CASE WHEN e.salt IS NULL THEN 0 ELSE e.payload_bytes END
        FROM %5$s WHERE (%1$s) %2$s (%3$s $2, $3) AND (%1$s) < (%3$s $4, $5)
        ORDER BY %4$s LIMIT $6',
        columns, beyond, of_value, replace(columns, ',', ' ' || direction || ',') || ' ' || direction,
        CASE
            WHEN ids IS NULL THEN 'events e'
            ELSE 'unnest($7) i CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.id = i LIMIT 1) e'
        END
    ) USING anchored, low_time, coalesce(low_id, '00000000-0000-0000-0000-000000000000'), high_time,
        coalesce(high_id, '00000000-0000-0000-0000-000000000000'), most, ids;
END
$body$
--
