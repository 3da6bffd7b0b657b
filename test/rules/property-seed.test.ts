import fc from 'fast-check';

test('properties draw the same values in every run', () => {
  const drawn: number[] = [];
  fc.assert(
    fc.property(fc.nat(), (value) => void drawn.push(value)),
    { numRuns: 2 },
  );
  const seed = Number(process.env.FUZZ_SEED ?? 1);
  expect(drawn).toEqual(fc.sample(fc.nat(), { numRuns: 2, seed }));
});
