-- Moments are microseconds since 1970 in UTC. Identifiers are never given twice. Paths are bytes, as
-- the file system has them: they may be no valid text.

CREATE TABLE collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    conversation INTEGER UNIQUE,  -- The only chat that its documents are for; NULL: a collection of its own name.
    embedding TEXT NOT NULL,      -- The embedding model that its documents are searched by,
    next_embedding TEXT,          -- and the one that takes its place once all have its vectors.
    created INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX collections_by_name ON collections (name) WHERE conversation IS NULL;

CREATE TABLE folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    mount BLOB NOT NULL,          -- Where the file system it is on was mounted when it was added.
    is_watched INTEGER NOT NULL,
    trouble TEXT NOT NULL DEFAULT '',
    UNIQUE (collection, path)
) STRICT;

-- Files that were removed from a collection by hand, so that their folder does not bring them back.
CREATE TABLE excluded (
    folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL,           -- SHA-256 of it: a name may tell what was to be forgotten.
    UNIQUE (folder, path)
) STRICT;

-- What is written in a file, whatever the file is called: the same bytes are read and kept once.
CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,    -- SHA-256.
    format TEXT NOT NULL,
    title TEXT NOT NULL,
    pages INTEGER NOT NULL,
    first INTEGER NOT NULL,       -- Its passages have successive identifiers: the first of them,
    passages INTEGER NOT NULL,    -- and how many.
    trouble TEXT NOT NULL         -- What of it could not be read.
) STRICT;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    folder INTEGER REFERENCES folders (id) ON DELETE SET NULL,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,    -- Nanoseconds, as the file system has it.
    added INTEGER NOT NULL,
    content INTEGER REFERENCES contents (id),
    state TEXT NOT NULL,          -- waiting, read or failed.
    trouble TEXT NOT NULL DEFAULT '',
    UNIQUE (collection, path)
) STRICT;

CREATE INDEX documents_by_content ON documents (content);
CREATE INDEX documents_by_folder ON documents (folder, path);
CREATE INDEX documents_waiting ON documents (id) WHERE state = 'waiting';

CREATE TABLE pages (
    content INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    text TEXT NOT NULL,
    blocks BLOB NOT NULL,         -- MessagePack.
    boxes BLOB NOT NULL,
    UNIQUE (content, number)
) STRICT;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,
    start INTEGER NOT NULL,       -- In characters of the page's text,
    stop INTEGER NOT NULL,        -- where it ends, too.
    headings TEXT NOT NULL        -- JSON: those above it, the highest first.
) STRICT;

CREATE INDEX passages_by_content ON passages (content);

-- Vectors of successive passages of a content, from the passage `first` on: 8-bit integers.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    first INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (content, model, first)
) STRICT;

CREATE INDEX vectors_by_model ON vectors (model, content, passages);

-- A document with what is known about its content, and how many passages have no vector yet.
CREATE VIEW described AS
SELECT
    d.id, d.collection, d.path, d.size, d.modified, d.added, d.folder, d.state, d.trouble,
    k.format, k.title, k.pages, k.passages, k.trouble AS content_trouble,
    k.passages - coalesce((
        SELECT sum(v.passages) FROM vectors v
        WHERE v.model = c.embedding AND v.content = d.content
    ), 0) AS without_vectors
FROM documents d
JOIN collections c ON c.id = d.collection
LEFT JOIN contents k ON k.id = d.content;

-- Which passages hold a word; the words are cut and stemmed before they come here. Only the numbers
-- of passages are kept, neither positions nor lengths.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', detail = none, columnsize = 0, tokenize = 'ascii'
);

-- Else forgotten words would stay in the file, crossed out.
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- What the index was told of the successive passages of a content, as it must be told to forget it.
CREATE TABLE learned (
    first INTEGER PRIMARY KEY,    -- The first of these passages.
    data BLOB NOT NULL            -- Compressed: a line of words for each.
) STRICT;
