/** Data flows forward: a noun imports earlier nouns and what is shared. What closes the loop is named here. */
import { NOUNS } from '../../lambda/shared/names';
import { importsOf, type Sources, sourcesBelow } from './source-files';

/** `<folder> <from> -> <to>`, and why it must be so. */
const BACKWARDS: Readonly<Record<string, string>> = {
  'lambda dataset -> telemetry': 'merge-captures closes the loop: it takes captures of the field; names only',
  'lib dataset -> telemetry': 'the same, of the store that grants the captures',
  'lambda rollout -> telemetry': 'a wave is checked and judged by what its devices report',
  'lib rollout -> telemetry': 'the same, of the store with inventory and sketches',
  'lambda rollout -> monitoring':
    'a wave is judged by accuracy on labels, and by whether its release answers the open episode',
  'lib rollout -> monitoring': 'the same, of the episode table',
  'lib device -> telemetry': 'the rights of a device name where its messages and captures go',
  'lib monitoring -> retraining': 'alarms watch every noun, the last one too',
  'lib shared -> training': 'rules of the configuration are kept with the noun whose settings they are about',
};

const rank = (noun: string): number => NOUNS.indexOf(noun as (typeof NOUNS)[number]);

/** Folder and noun of a path below lib/ or lambda/; a file beside the nouns has none. */
function placeOf(path: string): { readonly folder: string; readonly noun: string } | undefined {
  const [folder = '', noun = '', ...rest] = path.split('/');
  if (folder !== 'lib' && folder !== 'lambda') return undefined;
  return rest.length > 0 ? { folder, noun } : undefined;
}

/** Imports that go backwards, by `<folder> <from> -> <to>`, with the files that have them. */
function backwards(sources: Sources): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [path, text] of sources) {
    const from = placeOf(path);
    // Stacks put nouns together; rules and delivery look at all of them.
    if (!from || ['stacks', 'rules', 'delivery'].includes(from.noun)) continue;
    for (const target of importsOf(path, text)) {
      const to = placeOf(target);
      if (!to || to.noun === 'shared' || rank(to.noun) <= rank(from.noun)) continue;
      const direction = `${from.folder} ${from.noun} -> ${to.noun}`;
      found.set(direction, [...(found.get(direction) ?? []), `${path} imports ${target}`]);
    }
  }
  return found;
}

const tree = sourcesBelow('lib', 'lambda');

test('every noun has a room, and every room below lib and lambda is a known one', () => {
  const rooms = new Set([...tree.keys()].flatMap((path) => placeOf(path)?.noun ?? []));
  expect([...rooms].sort()).toEqual([...NOUNS, 'delivery', 'rules', 'shared', 'stacks'].sort());
});

test('a noun imports earlier nouns and what is shared', () => {
  const unexplained = [...backwards(tree)].filter(([direction]) => BACKWARDS[direction] === undefined);
  expect(unexplained).toEqual([]);
});

test('every exception is needed', () => {
  const found = backwards(tree);
  expect(Object.keys(BACKWARDS).filter((direction) => !found.has(direction))).toEqual([]);
});

test('what the dataset takes of telemetry in a function is names', () => {
  const taken = [...tree]
    .filter(([path]) => path.startsWith('lambda/dataset/'))
    .flatMap(([path, text]) => importsOf(path, text))
    .filter((target) => target.startsWith('lambda/telemetry/'));
  expect([...new Set(taken)]).toEqual(['lambda/telemetry/names']);
});

describe('a planted import is found', () => {
  test.each([
    ['lambda/telemetry/a.ts', "import { b } from '../monitoring/b';", 'lambda telemetry -> monitoring'],
    ['lambda/dataset/a/b.ts', "import type { c } from '../../monitoring/c';", 'lambda dataset -> monitoring'],
    ['lambda/shared/a.ts', "import { b } from '../registry/names';", 'lambda shared -> registry'],
    ['lib/training/a.ts', "import { b } from '../rollout/b';", 'lib training -> rollout'],
    ['lib/registry/a.ts', "import { b } from '../../lambda/rollout/names';", 'lib registry -> rollout'],
    [
      'lambda/registry/a.ts',
      "const { b } = await import('../retraining/b');",
      'lambda registry -> retraining',
    ],
  ])('in %s: %s', (path, text, direction) => {
    expect([...backwards(new Map([[path, text]])).keys()]).toEqual([direction]);
  });

  test.each([
    ['lambda/retraining/a.ts', "import { b } from '../dataset/b';"],
    ['lib/stacks/a.ts', "import { b } from '../retraining/b';"],
    ['lambda/dataset/a.ts', "import { b } from '../shared/b';"],
  ])('but not in %s: %s', (path, text) => {
    expect(backwards(new Map([[path, text]])).size).toBe(0);
  });
});
