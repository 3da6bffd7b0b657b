/** Every threat of docs/threat-model.md has tests that are there and are called so, or a reason why it has none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const KINDS = ['S', 'T', 'R', 'I', 'D', 'E'];

interface Threat {
  readonly boundary: string;
  readonly kinds: readonly string[];
  readonly threat: string;
  readonly evidence: string;
}

function threatsIn(page: string): Threat[] {
  return page.split(/^## /m).flatMap((section) => {
    const [boundary = ''] = section.split('\n');
    const rows = section.split('\n').filter((line) => /^\| [STRIDE](, [STRIDE])* \|/.test(line));
    return rows.map((row): Threat => {
      const [kinds = '', threat = '', , evidence = ''] = row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return { boundary, kinds: kinds.split(', '), threat, evidence };
    });
  });
}

/** What is wrong with what stands in the last column, a sentence each. */
function gaps({ boundary, threat, evidence }: Threat): string[] {
  const about = `${boundary}: ${threat}`;
  const named = [...evidence.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)];
  if (!evidence.startsWith('accepted: ') && named.length === 0)
    return [`${about}: has neither a test nor a reason`];
  return named.flatMap(([, file = '', phrase]) => {
    if (!existsSync(join(ROOT, file))) return [`${about}: there is no ${file}`];
    const has = phrase === undefined || readFileSync(join(ROOT, file), 'utf8').includes(phrase);
    return has ? [] : [`${about}: ${file} has no '${phrase}'`];
  });
}

const PAGE = readFileSync(join(ROOT, 'docs', 'threat-model.md'), 'utf8');

test('every threat has tests that are there, or a reason', () => {
  expect(threatsIn(PAGE).flatMap(gaps)).toEqual([]);
});

test('every boundary is asked all six questions', () => {
  const boundaries = new Map<string, string[]>();
  for (const { boundary, kinds } of threatsIn(PAGE)) {
    boundaries.set(boundary, [...(boundaries.get(boundary) ?? []), ...kinds]);
  }
  expect(boundaries.size).toBe(10);
  for (const [boundary, kinds] of boundaries) expect([boundary, ...kinds]).toEqual([boundary, ...KINDS]);
});

test.each([
  ['| S | a | b |  |', '1. X: a: has neither a test nor a reason'],
  ['| S | a | b | `test/none.test.ts` "x" |', '1. X: a: there is no test/none.test.ts'],
  ['| S, T | a | b | `package.json` "no such words" |', "1. X: a: package.json has no 'no such words'"],
])('%s is found', (row, sentence) => {
  expect(threatsIn(`## 1. X\n${row}\n`).flatMap(gaps)).toEqual([sentence]);
});
