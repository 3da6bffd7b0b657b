/** What is farthest beyond its limit comes first: 1 is at the limit. Pure. */
export function farthestFirst<One extends { readonly limit: number }>(
  some: readonly One[],
  distanceOf: (one: One) => number,
): One[] {
  const beyond = (one: One): number => distanceOf(one) / one.limit;
  return [...some].sort((x, y) => beyond(y) - beyond(x));
}
