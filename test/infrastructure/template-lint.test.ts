/** AWS's linter of templates, and one of state machines, over what is deployed in every environment. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import validateStateMachine from 'asl-validator';
import { virtualEnvironmentPython } from '../../scripts/repository';
import { ResolvedValues } from './resolved-values';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

/** Rules of cfn-lint that the templates break, and why they may. */
const BROKEN_RULES: Readonly<Record<string, string>> = {
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
function lint(templates: ReadonlyMap<string, object>): string[] {
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

const ruleOf = (finding: string): string => finding.split(' ')[0] ?? '';

describe('cfn-lint', () => {
  const templates = new Map(
    ENVIRONMENTS.flatMap((environment) =>
      [...synthesizedApp(environment).templates].map(([stack, template]): [string, object] => [
        `${environment}-${stack}`,
        template.toJSON(),
      ]),
    ),
  );

  test('has nothing against the templates beyond what has a reason, and every reason is needed', () => {
    expect(templates.size).toBe(4 * ENVIRONMENTS.length);
    const findings = lint(templates);
    expect(findings.filter((finding) => BROKEN_RULES[ruleOf(finding)] === undefined)).toEqual([]);
    expect([...new Set(findings.map(ruleOf))].sort()).toEqual(Object.keys(BROKEN_RULES));
  });

  test('would have', () => {
    const bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketNam: 'kaizen' } };
    expect(lint(new Map([['planted', { Resources: { Bucket: bucket } }]])).map(ruleOf)).toContain('E3002');
  });
});

describe('the linter of state machines', () => {
  const definitionsOf = (environment: (typeof ENVIRONMENTS)[number]) => {
    const app = synthesizedApp(environment);
    const values = new ResolvedValues(app);
    return app
      .resources('AWS::StepFunctions::StateMachine')
      .map(({ stack, Properties }) => JSON.parse(values.text(stack, Properties.DefinitionString)));
  };

  test.each(ENVIRONMENTS)('has nothing against those of %s', (environment) => {
    const definitions = definitionsOf(environment);
    expect(definitions.length).toBeGreaterThan(0);
    expect(definitions.map((definition) => validateStateMachine(definition).errorsText(' '))).toEqual(
      definitions.map(() => ''),
    );
  });

  test('would have: a state that leads nowhere', () => {
    const [definition] = definitionsOf('dev');
    const planted = structuredClone(definition);
    planted.States[definition.StartAt].Next = 'No such state';
    expect(validateStateMachine(planted).isValid).toBe(false);
  });
});
