-- The pilot's TMS: what a company's transport management looks like to us. Applied once, in one transaction, by the role tms_owner (synth/tms.ts).
-- Every table that knows a customer shows only the rows of the accounts named in `gatehouse.accounts` (comma-separated, set before each statement), to its
-- owner too. No context, no rows. Personal: contact_name, phone, email, address_line. Commercial: value, freight_cost, insurance. Free text: notes, note.

create schema tms;

create table tms.customer (
  customer_id text primary key check (customer_id <> '' and customer_id !~ '[,[:space:]]'),
  name text not null, contact_name text, phone text, email text, address_line text, city text, postal_code text, country text
);
create table tms.carrier (carrier_id text primary key, name text not null);
create table tms.orders (
  order_id text not null, customer_id text not null references tms.customer, ordered_on date, requested_on date,
  item text, quantity integer, value numeric, currency text,
  primary key (order_id, customer_id)       -- an order number is its customer's own
);
create table tms.shipment (
  shipment_id text primary key, reference text, customer_id text not null references tms.customer, order_id text, carrier_id text references tms.carrier,
  mode text, status text not null check (status in ('planned', 'picked_up', 'in_transit', 'held', 'out_for_delivery', 'delivered', 'returned', 'cancelled')),
  origin text, destination text, lane text generated always as (origin || '-' || destination) stored,
  planned_on date, delivered_on date, item text, quantity integer, weight_kg numeric, value numeric, freight_cost numeric, insurance numeric, currency text, notes text,
  unparsed jsonb not null default '{}',     -- column name -> the text of a cell that is not what its column says
  extra jsonb not null default '{}',        -- column name -> the text of a cell of a column that maps to nothing here
  version bigint not null default 1,        -- rises by one with each update: what an approval is for
  unique (shipment_id, customer_id),
  foreign key (order_id, customer_id) references tms.orders
);
create table tms.shipment_event (
  event_id bigint generated always as identity primary key, shipment_id text not null, customer_id text not null, at timestamptz not null,
  code text not null, location text, note text,
  foreign key (shipment_id, customer_id) references tms.shipment (shipment_id, customer_id)
);
-- Where the rows came from, and the day they were taken: what is late is judged by that day, or by today where none is given.
create table tms.extract (one boolean primary key default true check (one), source text not null, taken_on date, loaded_at timestamptz not null default now());

create index shipment_customer on tms.shipment (customer_id, planned_on, shipment_id);
create index shipment_status on tms.shipment (status, planned_on, shipment_id);
create index shipment_lane on tms.shipment (lane, planned_on, shipment_id);
create index shipment_planned on tms.shipment (planned_on, shipment_id);
create index shipment_order on tms.shipment (order_id, customer_id);
create index orders_customer on tms.orders (customer_id, ordered_on);
create index shipment_event_shipment on tms.shipment_event (shipment_id, at);

create function tms.raise_version() returns trigger language plpgsql as $$ begin new.version := old.version + 1; return new; end $$;
create trigger raise_version before update on tms.shipment for each row execute function tms.raise_version();

-- The accounts of this transaction. Unset and empty both mean none.
create function tms.accounts() returns text[] language sql stable parallel safe
  return string_to_array(nullif(current_setting('gatehouse.accounts', true), ''), ',');

do $$
declare t text;
begin
  foreach t in array array['customer', 'orders', 'shipment', 'shipment_event'] loop
    execute format('alter table tms.%I enable row level security', t);
    execute format('alter table tms.%I force row level security', t);
    execute format('create policy accounts on tms.%I using (customer_id = any (tms.accounts())) with check (customer_id = any (tms.accounts()))', t);
  end loop;
end $$;

create view tms.shipment_summary with (security_invoker = true) as
  select s.shipment_id, s.reference, s.customer_id, s.order_id, s.mode, s.status, s.origin, s.destination, s.lane, s.planned_on, s.delivered_on,
         s.item, s.quantity, s.weight_kg, s.value, s.freight_cost, s.insurance, s.currency, s.notes, s.version,
         k.name as carrier_name, c.name as customer_name, c.contact_name, c.phone, c.email, c.address_line, c.city, c.postal_code, c.country
    from tms.shipment s join tms.customer c using (customer_id) left join tms.carrier k using (carrier_id);

create view tms.manifest_line with (security_invoker = true) as
  select s.reference, s.shipment_id, s.customer_id, coalesce(s.item, o.item) as item, s.quantity, s.weight_kg, s.destination, s.planned_on, s.status
    from tms.shipment s left join tms.orders o using (order_id, customer_id);

-- An order with what became of it. `order_ref` is unique where order_id is only its customer's. `open_shipments`: neither delivered nor given up.
create view tms.order_history with (security_invoker = true) as
  select o.order_id || ' ' || o.customer_id as order_ref, o.order_id, o.customer_id, o.ordered_on, o.requested_on, o.item, o.quantity, o.value, o.currency,
         coalesce(d.shipments, 0)::integer as shipments, coalesce(d.open_shipments, 0)::integer as open_shipments,
         coalesce(d.shipped_quantity, 0)::integer as shipped_quantity, coalesce(d.delivered_quantity, 0)::integer as delivered_quantity, d.last_delivered_on
    from tms.orders o left join lateral (
      select count(*) as shipments, count(*) filter (where s.status not in ('delivered', 'returned', 'cancelled')) as open_shipments,
             sum(s.quantity) filter (where s.status not in ('planned', 'cancelled')) as shipped_quantity,
             sum(s.quantity) filter (where s.status = 'delivered') as delivered_quantity,
             max(s.delivered_on) filter (where s.status = 'delivered') as last_delivered_on
        from tms.shipment s where s.order_id = o.order_id and s.customer_id = o.customer_id) d on true;

-- What someone should look at; a shipment may stand here more than once, once per kind. late: delivered after the planned day, or still open after it.
-- short: its order is closed and less was delivered than ordered, told on the order's last delivery. mismatched: more delivered than ordered (told there
-- too), another item than ordered, or another currency.
create view tms.shipment_exception with (security_invoker = true) as
  with today as (select coalesce((select taken_on from tms.extract), current_date) as day),
  line as (
    select s.shipment_id, s.customer_id, s.reference, s.order_id, s.status, s.lane, s.planned_on, s.delivered_on, s.item, s.currency,
           o.item as ordered_item, o.currency as order_currency, o.quantity as ordered_quantity, s.quantity as shipped_quantity,
           sum(s.quantity) filter (where s.status = 'delivered') over whole as delivered_quantity,
           count(*) filter (where s.status not in ('delivered', 'returned', 'cancelled')) over whole as open_shipments,
           row_number() over (partition by s.order_id, s.customer_id order by (s.status = 'delivered') desc, s.delivered_on desc nulls last, s.shipment_id desc) as from_last
      from tms.shipment s left join tms.orders o using (order_id, customer_id)
    window whole as (partition by s.order_id, s.customer_id))
  select l.shipment_id || ':' || e.kind as exception_id, l.shipment_id, l.customer_id, e.kind, l.reference, l.order_id, l.status, l.lane, l.planned_on, l.delivered_on,
         greatest(coalesce(l.delivered_on, today.day) - l.planned_on, 0) as days_late,
         l.ordered_item, l.item as delivered_item, l.ordered_quantity,
         case when l.order_id is null then l.shipped_quantity else coalesce(l.delivered_quantity, 0) end::integer as delivered_quantity
    from line l cross join today cross join lateral (values
      ('late', l.delivered_on > l.planned_on or (l.delivered_on is null and l.planned_on < today.day and l.status not in ('delivered', 'returned', 'cancelled'))),
      ('short', l.order_id is not null and l.status = 'delivered' and l.from_last = 1 and l.open_shipments = 0 and l.delivered_quantity < l.ordered_quantity),
      ('mismatched', (l.order_id is not null and l.status = 'delivered' and l.from_last = 1 and l.delivered_quantity > l.ordered_quantity)
        or l.item <> l.ordered_item or l.currency <> l.order_currency)) as e (kind, holds)
   where e.holds;

-- Reading sees everything but `extract`'s rows of others: there are none. Writing may move a status and say so in an event, nothing else.
grant usage on schema tms to tms_read, tms_write;
grant select on all tables in schema tms to tms_read, tms_write;
grant update (status) on tms.shipment to tms_write;
grant insert (shipment_id, customer_id, at, code, location, note) on tms.shipment_event to tms_write;
revoke execute on function tms.raise_version() from public;
revoke execute on function tms.accounts() from public;
grant execute on function tms.accounts() to tms_read, tms_write;
