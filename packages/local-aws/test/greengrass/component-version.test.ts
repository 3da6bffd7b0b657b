import fc from 'fast-check';
import { requirementProblem, resolveVersion, versionProblem } from '../../greengrass/component-version';

describe('a component version', () => {
  test.each(['1.0.0', '0.0.1', '999999.999999.999999', '1.2.3-alpha.1'])('%s is one', (version) => {
    expect(versionProblem(version)).toBeUndefined();
  });

  test.each([
    ['1.0', 'semantic version'],
    ['v1.0.0', 'semantic version'],
    ['1.0.01', 'semantic version'],
    ['latest', 'semantic version'],
    ['1.0.1000000', '999999'],
    [`1.0.0-${'a'.repeat(64)}`, '64 characters'],
  ])('%s is none: %s', (version, rule) => {
    expect(versionProblem(version)).toContain(rule);
  });
});

test.each([
  ['^1.2.0', undefined],
  ['>=1.0.0 <2.0.0', undefined],
  ['1.x || 3.x', undefined],
  ['newest', 'is not a version range of NPM style'],
])('requirement %s', (range, problem) => {
  expect(requirementProblem(range)).toBe(problem);
});

describe('resolution', () => {
  const available = ['1.0.0', '1.9.0', '1.10.0', '2.0.0'];

  test.each([
    ['the newest by number, not by text', {}, undefined, '2.0.0'],
    ['the newest within a range', { root: '^1.0.0' }, undefined, '1.10.0'],
    ['what every demander accepts', { root: '^1.0.0', other: '<1.10.0' }, undefined, '1.9.0'],
    ['what the device has when it fits', { root: '^1.0.0' }, '1.0.0', '1.0.0'],
    ['another than the device has when that does not fit', { root: '>=1.5.0 <2.0.0' }, '1.0.0', '1.10.0'],
    ['nothing when demands exclude each other', { root: '>=2.0.0', other: '<2.0.0' }, undefined, undefined],
  ])('takes %s', (_what, requirements, proposed, expected) => {
    expect(resolveVersion(available, requirements as Record<string, string>, proposed)).toBe(expected);
  });

  test('never depends on the order of versions', () => {
    const shuffled = fc.shuffledSubarray(available, { minLength: available.length });
    fc.assert(
      fc.property(shuffled, (versions) => {
        expect(resolveVersion(versions, { root: '^1.0.0' })).toBe('1.10.0');
      }),
    );
  });
});
