import fc from 'fast-check';
import { contentVersion } from '../../../lambda/device/content-version';

describe('contentVersion', () => {
  test('follows from the content alone', () => {
    expect(contentVersion('recipe')).toBe(contentVersion('recipe'));
    expect(contentVersion('recipe')).not.toBe(contentVersion('recipe '));
  });

  test('is a version that Greengrass takes: three numbers, each at most 999999', () => {
    fc.assert(
      fc.property(fc.string(), (content) => {
        const [first, ...rest] = contentVersion(content).split('.').map(Number);
        expect(first).toBe(1);
        expect(rest).toHaveLength(2);
        for (const number of rest) expect(number).toBeLessThan(1_000_000);
      }),
    );
  });
});
