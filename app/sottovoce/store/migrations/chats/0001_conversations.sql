-- Moments are microseconds since 1970 in UTC. Identifiers are never given twice.

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    leaf INTEGER,       -- The last message of the shown branch. Not a foreign key: it would point back up.
    deleted INTEGER     -- When the user deleted it; NULL while it lives.
) STRICT;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent INTEGER,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    model TEXT NOT NULL DEFAULT '',
    finish TEXT,
    usage TEXT,         -- JSON, as are the timings.
    timings TEXT,
    owner TEXT,         -- The process that is writing it; NULL once it is finished.
    UNIQUE (conversation, id),
    -- Both columns, so that a message can only follow one of its own conversation.
    FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id)
) STRICT;

CREATE INDEX messages_by_parent ON messages (conversation, parent);
CREATE INDEX messages_being_written ON messages (owner) WHERE owner IS NOT NULL;

-- What a reply gained since it was begun or continued, batch by batch.
CREATE TABLE journal (
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- A message as it is read: one that is being written comes with the words in its journal.
CREATE VIEW readable AS
SELECT
    id, conversation, parent, role,
    CASE
        WHEN owner IS NULL THEN text
        ELSE text || coalesce(
            (SELECT group_concat(j.text, '' ORDER BY j.number) FROM journal j WHERE j.message = messages.id), ''
        )
    END AS text,
    state, created, model, finish, usage, timings
FROM messages;

CREATE TABLE drafts (
    conversation INTEGER UNIQUE REFERENCES conversations (id) ON DELETE CASCADE,  -- NULL: a chat not yet begun.
    text TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;

-- Every three neighbouring letters of each finished message, folded by search.fold. It only narrows a
-- search down: the text itself decides, so positions are not kept, which makes the index three times smaller.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
