-- Version 3: writers take turns at the head of the journal, and a checkpoint keeps what is needed to go on from it. Applied once, by the owner role.

-- `epoch` rises with each writer who takes the head; an append is for one epoch. `holder` is about to append, nobody else may
-- take over; `wanted` waits meanwhile. Clock and names only order who writes next: what keeps the log one is the swap on size and epoch.
alter table journal_head add column epoch bigint not null default 0;
alter table journal_head add column holder text;
alter table journal_head add column wanted text;
alter table journal_head add column moved_at timestamptz not null default now();

-- The roots of the complete subtrees at that size, as in journal_head; whoever uses them compares their root with the signed one. Null: from before.
alter table journal_checkpoint add column frontier bytea;
