import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnOutput, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Application } from '../../../../lib/rules/edge-ml/application';
import { EdgeMlChecks } from '../../../../lib/rules/edge-ml/edge-ml-checks';

const FOLDER = join(__dirname, '..', '..', '..', '..', 'lib', 'rules', 'edge-ml');

const pack = () => new EdgeMlChecks({ metrics: { namespace: 'Plant', written: [] }, prefixes: [] });

test('the pack can be taken out as it is: it imports itself, the CDK and Node', () => {
  const imported = readdirSync(FOLDER).flatMap((file) =>
    [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from = '']) => from),
  );
  expect(imported.filter((from) => !/^(\.\/[\w-]+|aws-cdk-lib|node:fs)$/.test(from))).toEqual([]);
});

test('every rule has an id of its own, and a file and a test of its own', () => {
  const { ruleIds } = pack();
  expect(new Set(ruleIds).size).toBe(ruleIds.length);
  const shared = ['application.ts', 'edge-ml-checks.ts', 'pipeline-jobs.ts', 'rule.ts', 'topic-publisher.ts'];
  const rules = readdirSync(FOLDER).filter((file) => !shared.includes(file));
  expect(rules).toHaveLength(ruleIds.length);
  const tests = readdirSync(__dirname);
  expect(rules.filter((file) => !tests.includes(file.replace('.ts', '.test.ts')))).toEqual([]);
});

test('what the code does is not checked where nobody says it', () => {
  const { ruleIds } = new EdgeMlChecks();
  expect(pack().ruleIds.filter((id) => !ruleIds.includes(id))).toEqual(['EdgeMl-CW2', 'EdgeMl-S31']);
});

test('as a plugin of the CDK it names the construct, what was found and the way out', () => {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  new CfnResource(stack, 'Rule', {
    type: 'AWS::IoT::TopicRule',
    properties: { TopicRulePayload: { Sql: "SELECT * FROM 'line'", Actions: [] } },
  });
  const templateFile = app.synth().getStackArtifact(stack.artifactId).templateFullPath;
  const context = {
    appConstruct: app,
    templatePaths: [templateFile],
    stackTemplates: [
      {
        stackConstructPath: 'Stack',
        templatePath: templateFile,
        account: undefined,
        accountId: undefined,
        region: undefined,
      },
    ],
  };

  const report = new EdgeMlChecks().validate(context);

  expect(report.success).toBe(false);
  expect(report.violations).toEqual([
    expect.objectContaining({
      ruleName: 'EdgeMl-IOT4[ErrorAction]',
      description: 'The topic rule loses what its action does not take: give it an ErrorAction.',
      violatingResources: [{ constructPath: 'Stack/Rule', locations: ['Properties'] }],
    }),
  ]);
});

test('synthesis of a sound application passes', () => {
  const app = new App();
  new sns.Topic(new Stack(app, 'Stack'), 'Topic');
  Validations.of(app).addPlugins(new EdgeMlChecks());
  expect(() => app.synth()).not.toThrow();
});

test('references lead through the exports of other stacks', () => {
  const app = new App();
  const data = new Stack(app, 'Data');
  const topic = new CfnResource(data, 'Topic', { type: 'AWS::SNS::Topic' });
  new CfnOutput(data, 'Output', { value: topic.ref, exportName: 'topic' });
  const application = new Application(
    new Map([
      ['data', app.synth().getStackByName('Data').template],
      ['other', {}],
    ]),
  );
  const reference = { 'Fn::ImportValue': 'topic' };
  expect(application.target('other', reference)).toMatchObject({ stack: 'data', logicalId: 'Topic' });
  expect(application.text('other', { 'Fn::Sub': `arn:\${AWS::Partition}:x` })).toBe('arn:<AWS::Partition>:x');
  expect(application.text('other', reference)).toBe('<Topic>');
  expect(application.target('other', { 'Fn::ImportValue': 'elsewhere' })).toBeUndefined();
});
