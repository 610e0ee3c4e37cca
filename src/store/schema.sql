-- Gatehouse's own database, version 1. Applied once, in one transaction, by the owner role; store/migrate.ts then grants each process its part.
-- Nothing personal stands here in clear: people and devices by identifier, values by keyed digest.

create table house (one boolean primary key default true check (one), version integer not null, log_origin text not null, created_at timestamptz not null default now());

-- The journal: RFC 6962 leaves in order. `body` is the canonical entry, `leaf` its leaf hash. Append-only for every role but the owner.
create table journal_entry (index bigint primary key, leaf bytea not null, body bytea not null);
-- The head: number of leaves, and the roots of the complete subtrees left to right (32 bytes each). Moved by compare-and-swap on `size`.
create table journal_head (one boolean primary key default true check (one), size bigint not null, frontier bytea not null);
insert into journal_head (size, frontier) values (0, ''::bytea);
-- Signed notes (C2SP tlog-checkpoint), one per signed size.
create table journal_checkpoint (size bigint primary key, note text not null, signed_at timestamptz not null default now());

create table person (
  id text primary key, name text not null, groups text[] not null,
  passphrase text,                       -- scrypt$N$r$p$salt$hash (base64url), null until set with an invitation
  failed_count integer not null default 0, locked_until timestamptz
);
-- One-time codes, by SHA-256: to set a passphrase (`sign-in`) or to enrol a device (`device`).
create table invite (hash bytea primary key, person text not null references person, purpose text not null check (purpose in ('sign-in', 'device')), expires_at timestamptz not null, used_at timestamptz);
create table device (
  id text primary key, person text not null references person, jkt text not null unique, jwk jsonb not null,
  name text not null, platform text not null, enrolled_at timestamptz not null, revoked_at timestamptz
);
-- A session asked for and not yet opened (RFC 8628): the device polls with the code, the person decides with the user code.
create table session_request (
  device_code_hash bytea primary key, user_code text not null unique, device text not null references device, agent jsonb not null, posture jsonb not null,
  expires_at timestamptz not null, polled_at timestamptz, decision text check (decision in ('granted', 'denied')), person text references person, use_case text, decided_at timestamptz, opened_session text
);
create table session (
  id text primary key, person text not null references person, groups text[] not null, device text not null references device, jkt text not null,
  agent jsonb not null, posture jsonb not null, use_case text not null, accounts text[] not null,
  admitted_at timestamptz not null, ends_at timestamptz not null, refresh_hash bytea not null unique,
  revoked_at timestamptz, revoked_by text, revoked_why text
);
create table access_token (hash bytea primary key, session text not null references session, expires_at timestamptz not null);
create table desk_session (hash bytea primary key, person text not null references person, signed_in_at timestamptz not null, confirmed_at timestamptz not null, expires_at timestamptz not null);

-- What a session has been shown: one row per distinct subject (keyed digest), written before the journal entry, so a crash keeps it spent.
create table exposure (session text not null references session, kind text not null check (kind in ('subject', 'price')), digest bytea not null, primary key (session, kind, digest));

create table change (
  id text primary key, session text not null references session, person text not null references person, use_case text not null, operation text not null,
  system text not null, resource text not null, key text not null, account text not null, before jsonb not null, after jsonb not null,
  reason text not null,                  -- sealed under the session's key, like decision_reason
  reversibility text not null check (reversibility in ('reversible', 'compensable', 'final')),
  version integer not null default 1,    -- rises with each new before-image; an approval is for one version
  digest text not null,                  -- base64url SHA-256 of the canonical change at this version
  state text not null check (state in ('proposed', 'approved', 'rejected', 'applying', 'applied', 'stale', 'failed', 'unknown_outcome', 'voided')),
  proposed_at timestamptz not null, decided_by text references person, decided_at timestamptz, decision_reason text, outcome text,
  updated_at timestamptz not null default now()
);
-- `sealed`: the agent's arguments under its session's key; they may name people.
create table draft (
  id text primary key, session text not null references session, person text not null references person, use_case text not null, operation text not null,
  key text not null, sealed text not null, created_at timestamptz not null
);
create table access_request (id text primary key, person text not null references person, correlation text not null unique, operation text not null, rule text not null, owner text not null, note text not null, asked_at timestamptz not null);

create index session_live on session (ends_at) where revoked_at is null;
create index change_state on change (state);
create index access_token_session on access_token (session);
