import { codeRows, formatCodes } from '../../../cli/registry/class-codes';
import { aRelease } from '../../lambda/shared/builders';
import { FakeTables, runKaizen } from '../fakes';

const POLICY = {
  codes: { good: 2, scratch: 1 },
  classes: { good: 'pass', scratch: 'reject' },
  novel: 'review',
} as const;

const tables = () =>
  new FakeTables({
    releases: [
      { useCase: 'surface', item: 'champion', counter: 2 },
      {
        useCase: 'surface',
        item: 'release#000002',
        release: JSON.stringify(aRelease({ dispositionPolicy: POLICY })),
      },
      { useCase: 'surface', item: 'class-codes', codes: { good: 2, scratch: 1, dent: 3 } },
    ],
  });

test('[B13] kaizen codes shows every class that ever had a code, in the order of the codes', async () => {
  const { exitCode, output } = await runKaizen('codes', { dynamoDb: tables() });
  expect(exitCode).toBe(0);
  expect(output.split('\n').map((line) => line.trim())).toEqual([
    'code  class    disposition',
    '1     scratch  reject',
    '2     good     pass',
    '3     dent     not in the release in service',
  ]);
});

test('[B13] kaizen codes --json is for programs', async () => {
  const { output } = await runKaizen('codes --json', { dynamoDb: tables() });
  expect(JSON.parse(output)).toEqual([
    { code: 1, className: 'scratch', disposition: 'reject' },
    { code: 2, className: 'good', disposition: 'pass' },
    { code: 3, className: 'dent' },
  ]);
});

test('before the first release there are none', () => {
  expect(formatCodes(codeRows({}))).toBe('No class has a code yet: the first release gives them.');
});
