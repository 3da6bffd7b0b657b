/** The few functions used of `semver`, which ships no types. */
declare module 'semver' {
  export function compare(a: string, b: string): -1 | 0 | 1;
  export function satisfies(version: string, range: string): boolean;
  export function valid(version: string): string | null;
  export function validRange(range: string): string | null;
  export function major(version: string): number;
  export function minor(version: string): number;
  export function patch(version: string): number;
}
