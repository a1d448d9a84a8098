-- Which documents a chat is answered from, and what each reply was written from. Both are JSON.

ALTER TABLE conversations ADD COLUMN scope TEXT;

ALTER TABLE messages ADD COLUMN sources TEXT;

DROP VIEW readable;

CREATE VIEW readable AS
SELECT
    id, conversation, parent, role,
    CASE
        WHEN owner IS NULL THEN text
        ELSE text || coalesce(
            (SELECT group_concat(j.text, '' ORDER BY j.number) FROM journal j WHERE j.message = messages.id), ''
        )
    END AS text,
    state, created, model, finish, usage, timings, sources
FROM messages;
