declare const brand: unique symbol

/**
 * A private member, which the compiler leaves out of a spread, a rest and a mapped type: `{ ...permit, covers }` is no Permit. Nothing of it
 * exists at run time.
 */
declare class Stage {
  private readonly stage: never
}

/** A value only its own maker can produce: `Brand<{ … }, 'Permit'>`. */
export type Brand<T, Name extends string> = T & Stage & { readonly [brand]: { readonly name: Name; readonly bare: T } }

type Bare<B> = B extends { readonly [brand]: { readonly bare: infer T } } ? T : never

/** The one cast in the house. Call it only in the file that declares `B`; `tools/tidy.ts` checks. */
export const mint = <B extends Stage & { readonly [brand]: unknown }>(value: Bare<B>): B => value as unknown as B
