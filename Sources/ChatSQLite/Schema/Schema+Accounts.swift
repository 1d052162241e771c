// Accounts, sessions and failed sign-ins.

extension Schema {
    static let accounts = """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            handle TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            search_key TEXT NOT NULL,
            email TEXT,
            email_key TEXT UNIQUE,
            password_hash TEXT,
            avatar TEXT,
            status TEXT,
            settings TEXT NOT NULL DEFAULT '{}',
            settings_own_rev INTEGER NOT NULL DEFAULT 0,
            is_operator INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            disabled_at INTEGER,
            deleted_at INTEGER
        ) STRICT;
        CREATE INDEX users_search ON users (id, search_key) WHERE deleted_at IS NULL;

        CREATE TABLE erasures (
            user INTEGER PRIMARY KEY,
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES users (id),
            device TEXT,
            is_cookie INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            access_expires_at INTEGER NOT NULL,
            ends_at INTEGER NOT NULL,
            ended_at INTEGER,
            own_rev INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_own_rev ON sessions (user, own_rev);
        CREATE INDEX sessions_live ON sessions (user, last_seen_at) WHERE ended_at IS NULL;
        CREATE INDEX sessions_by_end ON sessions (ends_at) WHERE ended_at IS NULL;
        CREATE INDEX sessions_by_seen ON sessions (last_seen_at) WHERE ended_at IS NULL;

        CREATE TABLE tokens (
            hash BLOB PRIMARY KEY NOT NULL,
            session INTEGER NOT NULL REFERENCES sessions (id),
            kind INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            used_at INTEGER,
            repeat_until INTEGER,
            successor BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tokens_by_session ON tokens (session);
        CREATE INDEX tokens_by_time ON tokens (expires_at);

        CREATE TABLE devices (
            user INTEGER NOT NULL REFERENCES users (id),
            mark_hash BLOB NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (user, mark_hash)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX devices_by_time ON devices (at);

        CREATE TABLE sign_in_failures (
            key BLOB PRIMARY KEY NOT NULL,
            count INTEGER NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);
        """
}
