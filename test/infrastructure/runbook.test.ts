import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runbookEntries } from '../../lib/monitoring/runbook';
import { synthesizedAsking } from './synthesized-app';

const RUNBOOK = readFileSync(join(__dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');

describe('runbook', () => {
  const alarms = () => synthesizedAsking('prod').resources('AWS::CloudWatch::Alarm');
  const headingOf = (name: string) => name.replace(/^kaizen-prod-/, '');

  test('every alarm has an entry, and every entry has an alarm', () => {
    const names = alarms().map(({ Properties }) => headingOf(Properties.AlarmName));
    expect([...runbookEntries().keys()].sort()).toEqual(names.sort());
    expect(names.length).toBeGreaterThan(10);
  });

  test('severity in the runbook is severity in the code: high ones call somebody, low ones do not', () => {
    for (const { Properties } of alarms()) {
      const severity = runbookEntries().get(headingOf(Properties.AlarmName));
      expect(Properties.AlarmDescription).toContain(`Severity: ${severity}.`);
      expect((Properties.AlarmActions ?? []).length).toBe(severity === 'high' ? 1 : 0);
    }
  });

  test('every entry says what it is, how to look and what to do', () => {
    const entries = RUNBOOK.split(/^## /m).slice(1);
    const incomplete = entries.filter(
      (entry) =>
        !['Description', 'Investigation', 'Resolution'].every((part) => entry.includes(`**${part}.** `)),
    );
    expect(incomplete.map((entry) => entry.split('\n')[0])).toEqual([]);
  });

  test('every alarm says what silence means', () => {
    for (const { Properties } of alarms()) {
      expect(['breaching', 'notBreaching']).toContain(Properties.TreatMissingData);
    }
  });
});
