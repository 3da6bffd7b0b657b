import fc from 'fast-check';
import {
  changedPaths,
  deployed,
  EMPTY_CONFIGURATION,
  effective,
  equal,
  type Json,
  type JsonObject,
  merged,
  nested,
  pointerPath,
  valueAt,
} from '../../../core-device/configuration/configuration-tree';

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const object = fc
  .dictionary(fc.string({ maxLength: 5 }), json, { maxKeys: 5 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

test('merging twice is merging once', () => {
  fc.assert(
    fc.property(object, object, (base, update) => {
      const once = merged(base, update);
      expect(merged(once, update)).toEqual(once);
    }),
  );
});

test('after a merge every merged leaf is there and untouched keys stay', () => {
  fc.assert(
    fc.property(
      object,
      fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      json,
      (base, path, value) => {
        const result = merged(base, nested(path, value));
        const found = valueAt(result, path) as Json;
        expect(equal(merged(found, value), found)).toBe(true);
        for (const key of Object.keys(base)) {
          if (key !== path[0]) expect(valueAt(result, [key])).toEqual(valueAt(base, [key]));
        }
      },
    ),
  );
});

test('nothing changed has no changed paths, and applying a change at its paths accounts for all of it', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(changedPaths(before, before)).toEqual([]);
      for (const path of changedPaths(before, after)) {
        const [left, right] = [valueAt(before, path), valueAt(after, path)];
        expect(left !== undefined && right !== undefined && equal(left, right)).toBe(false);
      }
    }),
  );
});

describe('the configuration after a deployment', () => {
  const old = deployed(
    EMPTY_CONFIGURATION,
    { word: 'default', limit: { low: 1, high: 9 }, list: [1, 2] },
    undefined,
  );

  test.each<[string, JsonObject, Parameters<typeof deployed>[2], JsonObject]>([
    [
      'nothing asked: as it was',
      { word: 'default' },
      undefined,
      { word: 'default', limit: { low: 1, high: 9 }, list: [1, 2] },
    ],
    [
      'new defaults replace old defaults',
      { word: 'newer' },
      undefined,
      { word: 'newer', limit: { low: 1, high: 9 }, list: [1, 2] },
    ],
    [
      'merge sets values, objects key by key, lists whole',
      {},
      { merge: { limit: { low: 5 }, list: [3] } },
      { word: 'default', limit: { low: 5, high: 9 }, list: [3] },
    ],
  ])('%s', (_case, defaults, update, expected) => {
    expect(effective(deployed(old, defaults, update))).toEqual(expected);
  });

  test('a value that was set survives new defaults', () => {
    const set = deployed(old, {}, { merge: { word: 'mine' } });
    expect(effective(deployed(set, { word: 'newer' }, undefined)).word).toBe('mine');
  });

  test('reset brings the new default back, before the merge', () => {
    const set = deployed(old, {}, { merge: { word: 'mine', limit: { low: 7 } } });
    const update = { reset: ['/word', '/limit'], merge: { limit: { low: 2 } } };
    const after = effective(deployed(set, { word: 'newer', limit: { low: 1, high: 9 } }, update));
    expect(after).toMatchObject({ word: 'newer', limit: { low: 2, high: 9 } });
  });

  test('resetting the whole document leaves the recipe alone with its defaults', () => {
    const set = deployed(old, {}, { merge: { extra: true } });
    expect(effective(deployed(set, { word: 'newer' }, { reset: [''] }))).toEqual({ word: 'newer' });
  });

  test('resetting what is not there changes nothing', () => {
    expect(effective(deployed(old, {}, { reset: ['/no/such', '/list/0'] }))).toEqual(effective(old));
  });
});

test('JSON pointers follow RFC 6901', () => {
  expect(pointerPath('')).toEqual([]);
  expect(pointerPath('/a~1b/~0c/')).toEqual(['a/b', '~c', '']);
  expect(() => pointerPath('a')).toThrow(RangeError);
});

test('[case 31] a key named __proto__ is a key and nothing else', () => {
  const result = merged({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(valueAt(result, ['__proto__', 'polluted'])).toBe(true);
});
