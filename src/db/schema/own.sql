-- The tables that Kallithea 0.7 does not know. No foreign key leads from here to its tables: it drops and deletes
-- there without looking here, so a row here may speak of an id that is gone.
--
-- Statements are only ever added at the end, each ends with `;` at the end of a line, and none is changed once it was
-- released: a database remembers in rs_version how many of them it has seen, and the rest is run when it is opened.
--
-- The same text serves all engines. Column types: INTEGER (32 bits), BIGINT, BOOLEAN, DOUBLE PRECISION, VARCHAR(n) for what
-- is a key or has an index, and these words: {id} (numbered by the engine, primary key), {text} (any length), {bytes}.
-- Text is compared exactly on every engine here. An index is made with CREATE INDEX IF NOT EXISTS.

CREATE TABLE IF NOT EXISTS rs_version (
    version INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS rs_sessions (
    token_hash   VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id      INTEGER,
    data         {text} NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS rs_sessions_user_id_idx ON rs_sessions (user_id);

CREATE INDEX IF NOT EXISTS rs_sessions_expires_at_idx ON rs_sessions (expires_at);

CREATE TABLE IF NOT EXISTS rs_failed_logins (
    subject  VARCHAR(80) NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at  BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS rs_failed_logins_last_at_idx ON rs_failed_logins (last_at);

CREATE TABLE IF NOT EXISTS rs_mails (
    mail_id     VARCHAR(40) NOT NULL PRIMARY KEY,
    sender      VARCHAR(255) NOT NULL,
    recipient   VARCHAR(255) NOT NULL,
    message     {text} NOT NULL,
    created_at  BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    tries       INTEGER NOT NULL,
    last_error  {text} NOT NULL
);

CREATE TABLE IF NOT EXISTS rs_secrets (
    name   VARCHAR(64) NOT NULL PRIMARY KEY,
    secret VARCHAR(255) NOT NULL
);

CREATE TABLE IF NOT EXISTS rs_creations (
    repo_id INTEGER NOT NULL PRIMARY KEY,
    stage   VARCHAR(255) NOT NULL,
    percent INTEGER NOT NULL,
    beat_at BIGINT NOT NULL,
    failed  {text} NOT NULL
);
