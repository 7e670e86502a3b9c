-- History is append-only: the database itself refuses to change or delete it, whoever asks.

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    RAISE EXCEPTION '% of % is refused: the history of a registry only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$body$
--
-- Of an event, only payload and salt may go, and only together: a redaction.
CREATE FUNCTION {schema}.refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    IF NEW.payload IS NULL AND NEW.salt IS NULL AND ROW(
            NEW.id, NEW.unit_key, NEW.n, NEW.receiver_id, NEW.receiver_fingerprint, NEW.success, NEW.payload_bytes,
            NEW.payload_digest,
            NEW.description, NEW.owner_issuer, NEW.owner_subject, NEW.occurred_at, NEW.recorded_at, NEW.digest,
            NEW.idempotency_key
        ) IS NOT DISTINCT FROM ROW(
            OLD.id, OLD.unit_key, OLD.n, OLD.receiver_id, OLD.receiver_fingerprint, OLD.success, OLD.payload_bytes,
            OLD.payload_digest,
            OLD.description, OLD.owner_issuer, OLD.owner_subject, OLD.occurred_at, OLD.recorded_at, OLD.digest,
            OLD.idempotency_key
        ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of events is refused: the history of a registry only grows'
        USING ERRCODE = 'insufficient_privilege';
END
$body$
--
CREATE TRIGGER append_only BEFORE UPDATE ON {schema}.events
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_rewriting()
--
CREATE TRIGGER append_only_rows BEFORE DELETE ON {schema}.events
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change()
--
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {schema}.events
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()
--
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {schema}.transitions
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change()
--
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {schema}.transitions
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()
--
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {schema}.feed
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change()
--
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {schema}.feed
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()
