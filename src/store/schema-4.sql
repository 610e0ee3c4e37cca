-- Version 4: what witnesses answered to the journal's checkpoints. Applied once, by the owner role.

-- A cosignature (C2SP tlog-cosignature) as its signature line, one for each checkpoint and witness (by its key's name and id). Whoever uses it verifies it.
create table cosignature (
  size bigint not null references journal_checkpoint, witness text not null, line text not null, received_at timestamptz not null default now(),
  primary key (size, witness)
);
-- A witness that would not cosign. `entry`: the journal's entry of the finding, once the gate has recorded it.
create table witness_refusal (
  id bigint generated always as identity primary key, size bigint not null, witness text not null, said text not null,
  refused_at timestamptz not null default now(), entry bigint
);
create index witness_refusal_untold on witness_refusal (id) where entry is null;
