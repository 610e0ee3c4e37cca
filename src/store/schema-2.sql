-- Version 2: a request for access is shown to who decides its use case, and answered. Applied once, after schema.sql, by the owner role.

-- Null: asked before use cases were kept.
alter table access_request add column use_case text;
alter table access_request add column answered_by text references person;
alter table access_request add column answered_at timestamptz;
alter table access_request add column answer text;
create index session_ends on session (ends_at);
