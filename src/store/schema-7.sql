-- Version 7: a ciphertext lies by the index of its entry. By its digest, which is random, each wrote to a page of an index that no other did. Applied once, by the owner role.

alter table payload rename to payload_before;
alter index payload_pkey rename to payload_before_pkey;
-- What entries of the journal name by digest (SHA-256 of the ciphertext), by the index of the entry; null once a key it needs was destroyed. `key_ids`: those
-- it is sealed under, `k-1+k-2`. Who erases a subject reads all of it: it happens seldom, and an index of the keys would cost every entry a tenth.
create table payload (index bigint primary key, key_ids text not null, class text not null, ciphertext bytea);

-- Entries are canonical JSON: a quote within a text stands behind a backslash, so this is never found inside of one.
create temporary table named on commit drop as
select entry.index, decode(translate(entry.named, '-_', '+/') || '=', 'base64') as digest
from (
  select index, substring(encode(body, 'escape') from '"payload":\{"alg":"A256GCM","digest":"([A-Za-z0-9_-]{43})"') as named from journal_entry
) as entry where entry.named is not null;

do $$
declare lost bigint;
begin
  select count(*) from payload_before as kept where not exists (select from named where named.digest = kept.digest) into lost;
  if lost > 0 then
    raise exception '% ciphertexts are of entries that are not in the database: they were pruned, or never were', lost
      using hint = 'no table was changed: go on with the version before; this one does not carry over the ciphertexts of pruned entries';
  end if;
end $$;
insert into payload
select named.index, array_to_string(kept.key_ids, '+'), kept.class, kept.ciphertext from named join payload_before as kept on kept.digest = named.digest;
drop table payload_before;
