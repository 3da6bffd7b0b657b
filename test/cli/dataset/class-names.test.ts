import fc from 'fast-check';
import {
  classNames,
  isClassName,
  nearestClassName,
  parseClassMapping,
} from '../../../cli/dataset/class-names';

const named = (labels: string[], ...map: [string, string][]) => classNames(labels, new Map(map));

describe('[B27] class names of the shop floor', () => {
  test.each([
    ['good', 'good'],
    ['OK', 'ok'],
    ['NG', 'ng'],
    ['Defect A', 'defect_a'],
    ['0', '0'],
    ['10', '10'],
    ['Öse (klein)', undefined],
    ['Öse', 'ose'],
    ['_hidden', 'hidden'],
    ['划痕', undefined],
    ['', undefined],
  ])("'%s' is called %s", (name, expected) => {
    expect(nearestClassName(name)).toBe(expected);
  });

  test('what is renamed is said', () => {
    expect(named(['OK', 'ng', 'Defect A'])).toMatchObject({
      renamed: [
        { from: 'Defect A', to: 'defect_a' },
        { from: 'OK', to: 'ok' },
      ],
      problems: [],
    });
  });

  test('a name that suggests none is refused once, with what to do', () => {
    expect(named(['划痕', 'ok', '划痕']).problems).toEqual([expect.stringContaining("--map '划痕=<name>'")]);
  });

  test('--map goes before everything, finds names however their letters are composed, and may join classes', () => {
    const { names, problems } = named(
      ['NG', 'Kratzer ü'.normalize('NFD'), 'OK'],
      ['NG', 'scratch'],
      ['Kratzer ü'.normalize('NFC'), 'scratch'],
    );
    expect(problems).toEqual([]);
    expect([...names.values()].sort()).toEqual(['ok', 'scratch', 'scratch']);
  });

  test('two names that would silently become one are refused, with the option that says that they are', () => {
    expect(named(['OK', 'ok']).problems).toEqual([
      "classes 'OK' and 'ok' would both be 'ok': if they are one, say so by --map 'OK=ok'; else give one another name by --map",
    ]);
    expect(named(['OK', 'ok'], ['OK', 'ok']).problems).toEqual([]);
  });

  test('a mapping of what is not there is refused', () => {
    expect(named(['ok', 'ng'], ['NG', 'scratch']).problems).toEqual([
      "--map: there is no class 'NG', but 'ng', 'ok'",
    ]);
  });

  test.each([
    ['NG=scratch', ['NG', 'scratch']],
    ['a=b=c', ['a=b', 'c']],
  ])('--map %s', (text, expected) => {
    expect(parseClassMapping(text)).toEqual(expected);
  });

  test.each(['NG', '=x', 'NG=', 'NG=Scratch'])('--map %s is refused', (text) => {
    expect(() => parseClassMapping(text)).toThrow(/^--map: /);
  });

  test('whatever the labels, each has a name that the contract takes, or a problem', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 50 }), { maxLength: 6 }),
        (labels) => {
          const { names, problems } = classNames(labels, new Map());
          for (const name of names.values()) expect(isClassName(name)).toBe(true);
          if (problems.length > 0) return;
          expect(names.size).toBe(labels.length);
          expect(new Set(names.values()).size).toBe(labels.length);
        },
      ),
    );
  });
});
