-- The tables that Kallithea 0.7 does not know. No foreign key leads from here to its tables: it drops and deletes
-- there without looking here, so a row here may speak of an id that is gone.

CREATE TABLE IF NOT EXISTS rs_version (
    version INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS rs_sessions (
    token_hash   VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id      INTEGER,
    data         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS rs_sessions_user_id_idx ON rs_sessions (user_id);
CREATE INDEX IF NOT EXISTS rs_sessions_expires_at_idx ON rs_sessions (expires_at);
