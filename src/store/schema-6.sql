-- Version 6: the oldest entries leave the table. Applied once, by the owner role.

-- Entries below the largest `size` have left journal_entry and lie in the archive only, in whole bundles. Whoever reads them there holds them against the
-- signed root; and this row proves nothing: that they were pruned an entry of the journal says.
create table journal_pruned (size bigint primary key check (size > 0 and size % 256 = 0), pruned_at timestamptz not null default now());
