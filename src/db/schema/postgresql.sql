-- The schema of Kallithea 0.7.0 on PostgreSQL: the tables of sqlite.sql in the words that the original uses here. There are
-- no CHECK constraints, for this engine has a type for flags. Nothing here may be changed; what we add stands in own.sql.

CREATE TABLE settings (
    app_settings_id    SERIAL NOT NULL,
    app_settings_name  VARCHAR(255) NOT NULL,
    app_settings_value VARCHAR(4096) NOT NULL,
    app_settings_type  VARCHAR(255),
    CONSTRAINT pk_settings PRIMARY KEY (app_settings_id),
    CONSTRAINT uq_settings_app_settings_name UNIQUE (app_settings_name)
);

CREATE TABLE ui (
    ui_id      SERIAL NOT NULL,
    ui_section VARCHAR(255) NOT NULL,
    ui_key     VARCHAR(255) NOT NULL,
    ui_value   VARCHAR(255),
    ui_active  BOOLEAN NOT NULL,
    CONSTRAINT pk_ui PRIMARY KEY (ui_id),
    CONSTRAINT uq_ui_ui_section UNIQUE (ui_section, ui_key)
);

CREATE TABLE users (
    user_id     SERIAL NOT NULL,
    username    VARCHAR(255) NOT NULL,
    password    VARCHAR(255) NOT NULL,
    active      BOOLEAN NOT NULL,
    admin       BOOLEAN NOT NULL,
    firstname   VARCHAR(255) NOT NULL,
    lastname    VARCHAR(255) NOT NULL,
    email       VARCHAR(255),
    last_login  TIMESTAMP WITHOUT TIME ZONE,
    extern_type VARCHAR(255),
    extern_name VARCHAR(255),
    api_key     VARCHAR(255) NOT NULL,
    created_on  TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    user_data   BYTEA,
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT uq_users_username UNIQUE (username),
    CONSTRAINT uq_users_email UNIQUE (email)
);

CREATE TABLE permissions (
    permission_id   SERIAL NOT NULL,
    permission_name VARCHAR(255) NOT NULL,
    CONSTRAINT pk_permissions PRIMARY KEY (permission_id)
);

CREATE TABLE user_api_keys (
    user_api_key_id SERIAL NOT NULL,
    user_id         INTEGER NOT NULL,
    api_key         VARCHAR(255) NOT NULL,
    description     TEXT NOT NULL,
    expires         FLOAT(53) NOT NULL,
    created_on      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_user_api_keys PRIMARY KEY (user_api_key_id),
    CONSTRAINT fk_user_api_keys_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT uq_user_api_keys_api_key UNIQUE (api_key)
);

CREATE TABLE user_email_map (
    email_id SERIAL NOT NULL,
    user_id  INTEGER NOT NULL,
    email    VARCHAR(255) NOT NULL,
    CONSTRAINT pk_user_email_map PRIMARY KEY (email_id),
    CONSTRAINT fk_user_email_map_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT uq_user_email_map_email UNIQUE (email)
);

CREATE TABLE user_ip_map (
    ip_id   SERIAL NOT NULL,
    user_id INTEGER NOT NULL,
    ip_addr VARCHAR(255) NOT NULL,
    active  BOOLEAN NOT NULL,
    CONSTRAINT pk_user_ip_map PRIMARY KEY (ip_id),
    CONSTRAINT uq_user_ip_map_user_id UNIQUE (user_id, ip_addr),
    CONSTRAINT fk_user_ip_map_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE users_groups (
    users_group_id         SERIAL NOT NULL,
    users_group_name       VARCHAR(255) NOT NULL,
    user_group_description VARCHAR(10000),
    users_group_active     BOOLEAN NOT NULL,
    user_id                INTEGER NOT NULL,
    created_on             TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    group_data             BYTEA,
    CONSTRAINT pk_users_groups PRIMARY KEY (users_group_id),
    CONSTRAINT uq_users_groups_users_group_name UNIQUE (users_group_name),
    CONSTRAINT fk_users_groups_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE "groups" (
    group_id          SERIAL NOT NULL,
    group_name        VARCHAR(255) NOT NULL,
    group_parent_id   INTEGER,
    group_description VARCHAR(10000) NOT NULL,
    user_id           INTEGER NOT NULL,
    created_on        TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_groups PRIMARY KEY (group_id),
    CONSTRAINT uq_groups_group_name UNIQUE (group_name),
    CONSTRAINT fk_groups_group_parent_id FOREIGN KEY (group_parent_id) REFERENCES "groups" (group_id),
    CONSTRAINT fk_groups_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE user_to_perm (
    user_to_perm_id SERIAL NOT NULL,
    user_id         INTEGER NOT NULL,
    permission_id   INTEGER NOT NULL,
    CONSTRAINT pk_user_to_perm PRIMARY KEY (user_to_perm_id),
    CONSTRAINT uq_user_to_perm_user_id UNIQUE (user_id, permission_id),
    CONSTRAINT fk_user_to_perm_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_user_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id)
);

CREATE TABLE gists (
    gist_id          SERIAL NOT NULL,
    gist_access_id   VARCHAR(250) NOT NULL,
    gist_description TEXT NOT NULL,
    user_id          INTEGER NOT NULL,
    gist_expires     FLOAT(53) NOT NULL,
    gist_type        VARCHAR(128) NOT NULL,
    created_on       TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    modified_at      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_gists PRIMARY KEY (gist_id),
    CONSTRAINT fk_gists_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE user_ssh_keys (
    user_ssh_key_id SERIAL NOT NULL,
    user_id         INTEGER NOT NULL,
    public_key      TEXT NOT NULL,
    description     TEXT NOT NULL,
    fingerprint     VARCHAR(255) NOT NULL,
    created_on      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    last_seen       TIMESTAMP WITHOUT TIME ZONE,
    CONSTRAINT pk_user_ssh_keys PRIMARY KEY (user_ssh_key_id),
    CONSTRAINT fk_user_ssh_keys_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT uq_user_ssh_keys_fingerprint UNIQUE (fingerprint)
);

CREATE TABLE users_groups_members (
    users_group_member_id SERIAL NOT NULL,
    users_group_id        INTEGER NOT NULL,
    user_id               INTEGER NOT NULL,
    CONSTRAINT pk_users_groups_members PRIMARY KEY (users_group_member_id),
    CONSTRAINT fk_users_groups_members_users_group_id FOREIGN KEY (users_group_id) REFERENCES users_groups (users_group_id),
    CONSTRAINT fk_users_groups_members_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE repositories (
    repo_id          SERIAL NOT NULL,
    repo_name        VARCHAR(255) NOT NULL,
    repo_state       VARCHAR(255) NOT NULL,
    clone_uri        VARCHAR(255),
    repo_type        VARCHAR(255) NOT NULL,
    user_id          INTEGER NOT NULL,
    private          BOOLEAN NOT NULL,
    statistics       BOOLEAN NOT NULL,
    downloads        BOOLEAN NOT NULL,
    description      VARCHAR(10000) NOT NULL,
    created_on       TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    updated_on       TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    landing_revision VARCHAR(255) NOT NULL,
    changeset_cache  BYTEA,
    fork_id          INTEGER,
    group_id         INTEGER,
    CONSTRAINT pk_repositories PRIMARY KEY (repo_id),
    CONSTRAINT uq_repositories_repo_name UNIQUE (repo_name),
    CONSTRAINT fk_repositories_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_repositories_fork_id FOREIGN KEY (fork_id) REFERENCES repositories (repo_id),
    CONSTRAINT fk_repositories_group_id FOREIGN KEY (group_id) REFERENCES "groups" (group_id)
);

CREATE TABLE user_user_group_to_perm (
    user_user_group_to_perm_id SERIAL NOT NULL,
    user_id                    INTEGER NOT NULL,
    permission_id              INTEGER NOT NULL,
    user_group_id              INTEGER NOT NULL,
    CONSTRAINT pk_user_user_group_to_perm PRIMARY KEY (user_user_group_to_perm_id),
    CONSTRAINT uq_user_user_group_to_perm_user_id UNIQUE (user_id, user_group_id, permission_id),
    CONSTRAINT fk_user_user_group_to_perm_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_user_user_group_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id),
    CONSTRAINT fk_user_user_group_to_perm_user_group_id FOREIGN KEY (user_group_id) REFERENCES users_groups (users_group_id)
);

CREATE TABLE user_group_user_group_to_perm (
    user_group_user_group_to_perm_id SERIAL NOT NULL,
    target_user_group_id             INTEGER NOT NULL,
    permission_id                    INTEGER NOT NULL,
    user_group_id                    INTEGER NOT NULL,
    CONSTRAINT pk_user_group_user_group_to_perm PRIMARY KEY (user_group_user_group_to_perm_id),
    CONSTRAINT uq_user_group_user_group_to_perm_target_user_group_id UNIQUE (target_user_group_id, user_group_id, permission_id),
    CONSTRAINT fk_user_group_user_group_to_perm_target_user_group_id FOREIGN KEY (target_user_group_id) REFERENCES users_groups (users_group_id),
    CONSTRAINT fk_user_group_user_group_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id),
    CONSTRAINT fk_user_group_user_group_to_perm_user_group_id FOREIGN KEY (user_group_id) REFERENCES users_groups (users_group_id)
);

CREATE TABLE users_group_to_perm (
    users_group_to_perm_id SERIAL NOT NULL,
    users_group_id         INTEGER NOT NULL,
    permission_id          INTEGER NOT NULL,
    CONSTRAINT pk_users_group_to_perm PRIMARY KEY (users_group_to_perm_id),
    CONSTRAINT uq_users_group_to_perm_users_group_id UNIQUE (users_group_id, permission_id),
    CONSTRAINT fk_users_group_to_perm_users_group_id FOREIGN KEY (users_group_id) REFERENCES users_groups (users_group_id),
    CONSTRAINT fk_users_group_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id)
);

CREATE TABLE user_repo_group_to_perm (
    group_to_perm_id SERIAL NOT NULL,
    user_id          INTEGER NOT NULL,
    group_id         INTEGER NOT NULL,
    permission_id    INTEGER NOT NULL,
    CONSTRAINT pk_user_repo_group_to_perm PRIMARY KEY (group_to_perm_id),
    CONSTRAINT uq_user_repo_group_to_perm_user_id UNIQUE (user_id, group_id, permission_id),
    CONSTRAINT fk_user_repo_group_to_perm_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_user_repo_group_to_perm_group_id FOREIGN KEY (group_id) REFERENCES "groups" (group_id),
    CONSTRAINT fk_user_repo_group_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id)
);

CREATE TABLE users_group_repo_group_to_perm (
    users_group_repo_group_to_perm_id SERIAL NOT NULL,
    users_group_id                    INTEGER NOT NULL,
    group_id                          INTEGER NOT NULL,
    permission_id                     INTEGER NOT NULL,
    CONSTRAINT pk_users_group_repo_group_to_perm PRIMARY KEY (users_group_repo_group_to_perm_id),
    CONSTRAINT uq_users_group_repo_group_to_perm_users_group_id UNIQUE (users_group_id, group_id),
    CONSTRAINT fk_users_group_repo_group_to_perm_users_group_id FOREIGN KEY (users_group_id) REFERENCES users_groups (users_group_id),
    CONSTRAINT fk_users_group_repo_group_to_perm_group_id FOREIGN KEY (group_id) REFERENCES "groups" (group_id),
    CONSTRAINT fk_users_group_repo_group_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id)
);

CREATE TABLE user_logs (
    user_log_id     SERIAL NOT NULL,
    user_id         INTEGER,
    username        VARCHAR(255) NOT NULL,
    repository_id   INTEGER,
    repository_name VARCHAR(255) NOT NULL,
    user_ip         VARCHAR(255),
    action          TEXT NOT NULL,
    action_date     TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_user_logs PRIMARY KEY (user_log_id),
    CONSTRAINT fk_user_logs_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_user_logs_repository_id FOREIGN KEY (repository_id) REFERENCES repositories (repo_id)
);

CREATE TABLE repositories_fields (
    repo_field_id SERIAL NOT NULL,
    repository_id INTEGER NOT NULL,
    field_key     VARCHAR(250) NOT NULL,
    field_label   VARCHAR(1024) NOT NULL,
    field_value   VARCHAR(10000) NOT NULL,
    field_desc    VARCHAR(1024) NOT NULL,
    field_type    VARCHAR(255) NOT NULL,
    created_on    TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_repositories_fields PRIMARY KEY (repo_field_id),
    CONSTRAINT uq_repositories_fields_repository_id UNIQUE (repository_id, field_key),
    CONSTRAINT fk_repositories_fields_repository_id FOREIGN KEY (repository_id) REFERENCES repositories (repo_id)
);

CREATE TABLE repo_to_perm (
    repo_to_perm_id SERIAL NOT NULL,
    user_id         INTEGER NOT NULL,
    permission_id   INTEGER NOT NULL,
    repository_id   INTEGER NOT NULL,
    CONSTRAINT pk_repo_to_perm PRIMARY KEY (repo_to_perm_id),
    CONSTRAINT uq_repo_to_perm_user_id UNIQUE (user_id, repository_id, permission_id),
    CONSTRAINT fk_repo_to_perm_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_repo_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id),
    CONSTRAINT fk_repo_to_perm_repository_id FOREIGN KEY (repository_id) REFERENCES repositories (repo_id)
);

CREATE TABLE users_group_repo_to_perm (
    users_group_to_perm_id SERIAL NOT NULL,
    users_group_id         INTEGER NOT NULL,
    permission_id          INTEGER NOT NULL,
    repository_id          INTEGER NOT NULL,
    CONSTRAINT pk_users_group_repo_to_perm PRIMARY KEY (users_group_to_perm_id),
    CONSTRAINT uq_users_group_repo_to_perm_repository_id UNIQUE (repository_id, users_group_id, permission_id),
    CONSTRAINT fk_users_group_repo_to_perm_users_group_id FOREIGN KEY (users_group_id) REFERENCES users_groups (users_group_id),
    CONSTRAINT fk_users_group_repo_to_perm_permission_id FOREIGN KEY (permission_id) REFERENCES permissions (permission_id),
    CONSTRAINT fk_users_group_repo_to_perm_repository_id FOREIGN KEY (repository_id) REFERENCES repositories (repo_id)
);

CREATE TABLE statistics (
    stat_id                  SERIAL NOT NULL,
    repository_id            INTEGER NOT NULL,
    stat_on_revision         INTEGER NOT NULL,
    commit_activity          BYTEA NOT NULL,
    commit_activity_combined BYTEA NOT NULL,
    languages                BYTEA NOT NULL,
    CONSTRAINT pk_statistics PRIMARY KEY (stat_id),
    CONSTRAINT uq_statistics_repository_id UNIQUE (repository_id),
    CONSTRAINT fk_statistics_repository_id FOREIGN KEY (repository_id) REFERENCES repositories (repo_id)
);

CREATE TABLE user_followings (
    user_following_id     SERIAL NOT NULL,
    user_id               INTEGER NOT NULL,
    follows_repository_id INTEGER,
    follows_user_id       INTEGER,
    follows_from          TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_user_followings PRIMARY KEY (user_following_id),
    CONSTRAINT uq_user_followings_user_repo UNIQUE (user_id, follows_repository_id),
    CONSTRAINT uq_user_followings_user_user UNIQUE (user_id, follows_user_id),
    CONSTRAINT fk_user_followings_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_user_followings_follows_repository_id FOREIGN KEY (follows_repository_id) REFERENCES repositories (repo_id),
    CONSTRAINT fk_user_followings_follows_user_id FOREIGN KEY (follows_user_id) REFERENCES users (user_id)
);

CREATE TABLE pull_requests (
    pull_request_id SERIAL NOT NULL,
    title           VARCHAR(255) NOT NULL,
    description     TEXT NOT NULL,
    status          VARCHAR(255) NOT NULL,
    created_on      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    updated_on      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    user_id         INTEGER NOT NULL,
    revisions       TEXT NOT NULL,
    org_repo_id     INTEGER NOT NULL,
    org_ref         VARCHAR(255) NOT NULL,
    other_repo_id   INTEGER NOT NULL,
    other_ref       VARCHAR(255) NOT NULL,
    CONSTRAINT pk_pull_requests PRIMARY KEY (pull_request_id),
    CONSTRAINT fk_pull_requests_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_pull_requests_org_repo_id FOREIGN KEY (org_repo_id) REFERENCES repositories (repo_id),
    CONSTRAINT fk_pull_requests_other_repo_id FOREIGN KEY (other_repo_id) REFERENCES repositories (repo_id)
);

CREATE TABLE changeset_comments (
    comment_id      SERIAL NOT NULL,
    repo_id         INTEGER NOT NULL,
    revision        VARCHAR(40),
    pull_request_id INTEGER,
    line_no         VARCHAR(10),
    f_path          VARCHAR(1000),
    user_id         INTEGER NOT NULL,
    text            TEXT NOT NULL,
    created_on      TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    modified_at     TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_changeset_comments PRIMARY KEY (comment_id),
    CONSTRAINT fk_changeset_comments_repo_id FOREIGN KEY (repo_id) REFERENCES repositories (repo_id),
    CONSTRAINT fk_changeset_comments_pull_request_id FOREIGN KEY (pull_request_id) REFERENCES pull_requests (pull_request_id),
    CONSTRAINT fk_changeset_comments_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE pull_request_reviewers (
    pull_requests_reviewers_id SERIAL NOT NULL,
    pull_request_id            INTEGER NOT NULL,
    user_id                    INTEGER NOT NULL,
    CONSTRAINT pk_pull_request_reviewers PRIMARY KEY (pull_requests_reviewers_id),
    CONSTRAINT uq_pull_request_reviewers_pull_request_id UNIQUE (pull_request_id, user_id),
    CONSTRAINT fk_pull_request_reviewers_pull_request_id FOREIGN KEY (pull_request_id) REFERENCES pull_requests (pull_request_id),
    CONSTRAINT fk_pull_request_reviewers_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);

CREATE TABLE changeset_statuses (
    changeset_status_id  SERIAL NOT NULL,
    repo_id              INTEGER NOT NULL,
    user_id              INTEGER NOT NULL,
    revision             VARCHAR(40),
    status               VARCHAR(128) NOT NULL,
    changeset_comment_id INTEGER NOT NULL,
    modified_at          TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    version              INTEGER NOT NULL,
    pull_request_id      INTEGER,
    CONSTRAINT pk_changeset_statuses PRIMARY KEY (changeset_status_id),
    CONSTRAINT uq_changeset_statuses_repo_id UNIQUE (repo_id, revision, version),
    CONSTRAINT fk_changeset_statuses_repo_id FOREIGN KEY (repo_id) REFERENCES repositories (repo_id),
    CONSTRAINT fk_changeset_statuses_user_id FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT fk_changeset_statuses_changeset_comment_id FOREIGN KEY (changeset_comment_id) REFERENCES changeset_comments (comment_id),
    CONSTRAINT fk_changeset_statuses_pull_request_id FOREIGN KEY (pull_request_id) REFERENCES pull_requests (pull_request_id)
);

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE INDEX ui_ui_section_ui_key_idx ON ui (ui_section, ui_key);
CREATE INDEX u_username_idx ON users (username);
CREATE INDEX u_email_idx ON users (email);
CREATE INDEX p_perm_name_idx ON permissions (permission_name);
CREATE INDEX uak_api_key_idx ON user_api_keys (api_key);
CREATE INDEX uak_api_key_expires_idx ON user_api_keys (api_key, expires);
CREATE INDEX uem_email_idx ON user_email_map (email);
CREATE INDEX g_gist_access_id_idx ON gists (gist_access_id);
CREATE INDEX g_created_on_idx ON gists (created_on);
CREATE INDEX usk_fingerprint_idx ON user_ssh_keys (fingerprint);
CREATE INDEX r_repo_name_idx ON repositories (repo_name);
CREATE INDEX pr_org_repo_id_idx ON pull_requests (org_repo_id);
CREATE INDEX pr_other_repo_id_idx ON pull_requests (other_repo_id);
CREATE INDEX cc_pull_request_id_idx ON changeset_comments (pull_request_id);
CREATE INDEX cc_revision_idx ON changeset_comments (revision);
CREATE INDEX pull_request_reviewers_user_id_idx ON pull_request_reviewers (user_id);
CREATE INDEX cs_repo_id_pull_request_id_idx ON changeset_statuses (repo_id, pull_request_id);
CREATE INDEX cs_pull_request_id_user_id_version_idx ON changeset_statuses (pull_request_id, user_id, version);
CREATE INDEX cs_pull_request_id_idx ON changeset_statuses (pull_request_id);
CREATE INDEX cs_changeset_comment_id_idx ON changeset_statuses (changeset_comment_id);
CREATE INDEX cs_revision_idx ON changeset_statuses (revision);
CREATE INDEX cs_version_idx ON changeset_statuses (version);
