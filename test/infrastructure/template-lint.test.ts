/** AWS's linter of templates, and one of state machines, over what is deployed in every environment. */
import validateStateMachine from 'asl-validator';
import { BROKEN_RULES, lint, ruleOf } from './cfn-lint';
import { ResolvedValues } from './resolved-values';
import { ENVIRONMENTS, synthesizedApp, synthesizedAsking } from './synthesized-app';

describe('cfn-lint', () => {
  /** What of second opinions is in templates. */
  const asking = ['data', 'fleet', 'operations'].map((stack): [string, object] => [
    `asking-${stack}`,
    synthesizedAsking('prod').templates.get(stack)?.toJSON() ?? {},
  ]);
  const templates = new Map([
    ...asking,
    ...ENVIRONMENTS.flatMap((environment) =>
      [...synthesizedApp(environment).templates].map(([stack, template]): [string, object] => [
        `${environment}-${stack}`,
        template.toJSON(),
      ]),
    ),
  ]);

  test('has nothing against the templates beyond what has a reason, and every reason is needed', () => {
    expect(templates.size).toBe(4 * ENVIRONMENTS.length + asking.length);
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
