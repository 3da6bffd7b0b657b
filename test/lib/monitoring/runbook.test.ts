import { runbookEntries } from '../../../lib/monitoring/runbook';

describe('runbookEntries', () => {
  test('reads headings with the severity below them', () => {
    const text = '# Runbook\n\n## queue-full\n\nSeverity: high.\n\nText.\n\n## disk-slow\n\nSeverity: low.\n';
    expect([...runbookEntries(text)]).toEqual([
      ['queue-full', 'high'],
      ['disk-slow', 'low'],
    ]);
  });

  test.each([
    ['no severity', '## queue-full\n\nText.\n'],
    ['a severity that does not exist', '## queue-full\n\nSeverity: medium.\n'],
    ['a deeper heading', '### queue-full\n\nSeverity: high.\n'],
  ])('does not take %s for an entry', (_what, text) => {
    expect(runbookEntries(text).size).toBe(0);
  });
});
