// The log: conversations, members, messages, what is the user's own, and the commit log.
// Every hot table is clustered by conversation first, so that a conversation's rows lie together.

extension Schema {
    static let conversations = """
        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            is_public INTEGER NOT NULL,
            history INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            rev INTEGER NOT NULL,
            head INTEGER NOT NULL,
            last_seq INTEGER NOT NULL DEFAULT 0,
            last_sent_at INTEGER NOT NULL DEFAULT 0,
            member_count INTEGER NOT NULL,
            members_rev INTEGER NOT NULL,
            deleted_at INTEGER,
            created_by INTEGER NOT NULL,
            direct_low INTEGER,
            direct_high INTEGER,
            name TEXT,
            topic TEXT,
            search_key TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE UNIQUE INDEX conversations_direct ON conversations (direct_low, direct_high)
            WHERE direct_low IS NOT NULL;
        CREATE INDEX conversations_public ON conversations (id) WHERE is_public = 1 AND deleted_at IS NULL;

        CREATE TABLE create_nonces (
            user INTEGER NOT NULL,
            nonce_hash BLOB NOT NULL,
            conversation INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (user, nonce_hash)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX create_nonces_by_time ON create_nonces (at);

        CREATE TABLE members (
            conversation INTEGER NOT NULL,
            user INTEGER NOT NULL,
            role INTEGER NOT NULL,
            rev INTEGER NOT NULL,
            joined_at INTEGER NOT NULL,
            joined_rev INTEGER NOT NULL,
            left_at INTEGER,
            left_reason INTEGER,
            muted_until INTEGER,
            own_rev INTEGER NOT NULL,
            read_seq INTEGER NOT NULL,
            unread_from INTEGER,
            level INTEGER NOT NULL DEFAULT 0,
            is_muted INTEGER NOT NULL DEFAULT 0,
            is_favourite INTEGER NOT NULL DEFAULT 0,
            is_archived INTEGER NOT NULL DEFAULT 0,
            has_draft INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (conversation, user)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX members_by_rev ON members (conversation, rev);
        CREATE INDEX members_by_user ON members (user, conversation) WHERE left_at IS NULL;
        CREATE INDEX members_by_own_rev ON members (user, own_rev);
        CREATE INDEX members_by_role ON members (conversation, role, joined_at) WHERE left_at IS NULL;

        CREATE TABLE sweeps (
            conversation INTEGER PRIMARY KEY
        ) STRICT;
        """

    static let messages = """
        CREATE TABLE messages (
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            rev INTEGER NOT NULL,
            kind TEXT NOT NULL,
            sender INTEGER NOT NULL,
            sent_at INTEGER NOT NULL,
            edited_at INTEGER,
            deleted_at INTEGER,
            reply_to INTEGER,
            thread INTEGER,
            reply_count INTEGER NOT NULL DEFAULT 0,
            reply_last_seq INTEGER,
            reply_users BLOB,
            pinned_by INTEGER,
            pinned_at INTEGER,
            mentions BLOB,
            mentions_all INTEGER NOT NULL DEFAULT 0,
            reactions TEXT,
            attachments TEXT,
            nonce TEXT NOT NULL,
            nonce_hash BLOB NOT NULL,
            send_hash BLOB NOT NULL,
            key_id INTEGER NOT NULL DEFAULT 0,
            sealed INTEGER NOT NULL DEFAULT 0,
            body BLOB,
            PRIMARY KEY (conversation, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX messages_by_rev ON messages (conversation, rev);
        CREATE UNIQUE INDEX messages_by_nonce ON messages (conversation, nonce_hash);
        CREATE INDEX messages_deleted ON messages (conversation, seq) WHERE deleted_at IS NOT NULL;
        CREATE INDEX messages_by_thread ON messages (conversation, thread, seq) WHERE thread IS NOT NULL;
        CREATE INDEX messages_pinned ON messages (conversation, pinned_at) WHERE pinned_at IS NOT NULL;

        CREATE TABLE buckets (
            conversation INTEGER NOT NULL,
            bucket INTEGER NOT NULL,
            first_seq INTEGER NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            rev INTEGER NOT NULL,
            PRIMARY KEY (conversation, bucket)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX buckets_by_time ON buckets (conversation, first_at, bucket);

        CREATE TABLE mentions (
            conversation INTEGER NOT NULL,
            user INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (conversation, user, seq)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE reactions (
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            user INTEGER NOT NULL,
            emoji TEXT NOT NULL,
            rev INTEGER NOT NULL,
            PRIMARY KEY (conversation, seq, user, emoji)
        ) STRICT, WITHOUT ROWID;
        """

    static let own = """
        CREATE TABLE own_heads (
            user INTEGER PRIMARY KEY,
            head INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE own_reactions (
            conversation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            user INTEGER NOT NULL,
            own_rev INTEGER NOT NULL,
            PRIMARY KEY (conversation, seq, user)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX own_reactions_by_own_rev ON own_reactions (user, own_rev);

        CREATE TABLE drafts (
            conversation INTEGER NOT NULL,
            user INTEGER NOT NULL,
            reply_to INTEGER,
            at INTEGER NOT NULL,
            key_id INTEGER NOT NULL DEFAULT 0,
            sealed INTEGER NOT NULL DEFAULT 0,
            body BLOB NOT NULL,
            PRIMARY KEY (conversation, user)
        ) STRICT, WITHOUT ROWID;
        """

    static let commits = """
        CREATE TABLE commits (
            cursor INTEGER PRIMARY KEY,
            node TEXT,
            writer INTEGER,
            n INTEGER,
            heads BLOB NOT NULL,
            own_heads BLOB NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX commits_by_batch ON commits (node, writer, n) WHERE node IS NOT NULL;
        """
}
