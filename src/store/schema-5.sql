-- Version 5: the vault. Values of people and accounts are sealed under keys that can be destroyed, one for each subject and month. Applied once, by the owner role.

-- Who can be erased, by pseudonym. `index`: HMAC of the identifier under the master key, to find it by; `sealed`: the identifier under the key in
-- `wrapped`, itself under the master key. All three are null once erased: then nothing here says who it was.
create table vault_subject (
  pseudonym text primary key, index bytea unique, sealed bytea, wrapped bytea, created_at timestamptz not null default now(),
  erasing_at timestamptz, erased_at timestamptz,
  told boolean not null default false    -- the journal says that it was erased
);
-- Data keys, wrapped by the master key; null once destroyed.
create table vault_key (
  id text primary key, pseudonym text not null references vault_subject, month text not null check (month ~ '^[0-9]{4}-[0-9]{2}$'),
  wrapped bytea, created_at timestamptz not null default now(), destroyed_at timestamptz, unique (pseudonym, month)
);
-- While one of these stands unreleased, its subject cannot be erased. `case_id` is a number of a file, no name.
create table vault_hold (pseudonym text not null references vault_subject, case_id text not null, set_at timestamptz not null, released_at timestamptz, primary key (pseudonym, case_id));
-- What entries of the journal name by digest (SHA-256 of the ciphertext); null once a key it needs was destroyed.
create table payload (digest bytea primary key, key_ids text[] not null, class text not null, ciphertext bytea, created_at timestamptz not null default now());
create index payload_keys on payload using gin (key_ids);

-- What makes the digest of a change useless to who would guess the change; sealed.
alter table change add column salt text;

-- A person from before there were pseudonyms is renamed, and every row of theirs with them (store/seal-before.ts).
do $$
declare link record;
begin
  for link in select conname, conrelid::regclass as tab, pg_get_constraintdef(oid) as def from pg_constraint where contype = 'f' and confrelid = 'person'::regclass and confupdtype = 'a' loop
    execute format('alter table %s drop constraint %I, add constraint %I %s on update cascade', link.tab, link.conname, link.conname, link.def);
  end loop;
end $$;
