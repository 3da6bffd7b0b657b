import { liteRecipeProblem } from '../../../core-device/nucleus/lite-recipe';

const recipe = (changes: object = {}): string =>
  JSON.stringify({
    ComponentName: 'a',
    Manifests: [{ Platform: { os: 'linux', runtime: '*', architecture: 'amd64' } }],
    ...changes,
  });
const dependingOn = (name: string, VersionRequirement: string) =>
  recipe({ ComponentDependencies: { [name]: { VersionRequirement } } });
const entries = (count: number) =>
  recipe({
    Manifests: [],
    more: Object.fromEntries(Array.from({ length: count }, (_, index) => [index, 0])),
  });

test.each([
  ['[L2] comparisons', dependingOn('b', '>=1.0.0 <2.0.0'), undefined],
  ['[L2] one version', dependingOn('b', '=1.0.0'), undefined],
  ['[L2] a caret', dependingOn('b', '^1.0.0'), "no version of b is in the range '^1.0.0'"],
  ['[L2] a tilde', dependingOn('b', '~1.0.0'), 'no version of b'],
  ['[L2] a choice', dependingOn('b', '1.0.0 || 2.0.0'), 'no version of b'],
  [
    '[L2] what is built in, which it never resolves',
    dependingOn('aws.greengrass.Nucleus', '^2.0.0'),
    undefined,
  ],
  ['[L8] an architecture', recipe(), undefined],
  ['[L8] an expression', recipe({ Manifests: [{ Platform: { architecture: '/amd64/' } }] }), "'/amd64/'"],
  ['[L8] 8,196 bytes', recipe({ d: 'x'.repeat(8196 - recipe({ d: '' }).length) }), undefined],
  ['[L8] one more', recipe({ d: 'x'.repeat(8197 - recipe({ d: '' }).length) }), 'has 8197 bytes'],
  // Three entries of its own are 6 parts.
  ['[L8] 254 parts', entries(124), undefined],
  ['[L8] 256 parts', entries(125), '256, more than 255'],
])('%s', (_, text, problem) => {
  if (problem === undefined) expect(liteRecipeProblem(text)).toBeUndefined();
  else expect(liteRecipeProblem(text)).toContain(problem);
});
