import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { virtualEnvironmentPython } from '../../scripts/repository';

/** Rules of cfn-lint that the templates break, and why they may. */
export const BROKEN_RULES: Readonly<Record<string, string>> = {
  I1022:
    'Fn::Sub would read better than Fn::Join: the CDK writes it, and reviewers read test/infrastructure/__snapshots__',
  W3005: 'a DependsOn that a reference implies: the CDK writes one wherever a grant must precede its user',
};

interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly unknown[] | null };
}

/**
 * What cfn-lint says of templates, informational rules included: `<rule> <path>: <message>`.
 * @throws Error when it could not judge
 */
export function lint(templates: ReadonlyMap<string, object>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
  try {
    const files = [...templates].map(([name, template]) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(template));
      return file;
    });
    const linter = join(dirname(virtualEnvironmentPython()), 'cfn-lint');
    const { stdout, stderr, error } = spawnSync(
      linter,
      ['--include-checks', 'I', '--format', 'json', '--', ...files],
      { encoding: 'utf8' },
    );
    if (error) throw new Error(`cfn-lint did not start (npm run setup installs it): ${error.message}`);
    if (!stdout.startsWith('[')) throw new Error(`cfn-lint did not answer: ${stderr}`);
    return (JSON.parse(stdout) as Finding[]).map(
      ({ Rule, Message, Location }) => `${Rule.Id} ${Location.Path?.join('/')}: ${Message}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const ruleOf = (finding: string): string => finding.split(' ')[0] ?? '';
