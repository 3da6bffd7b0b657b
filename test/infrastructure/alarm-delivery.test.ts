import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json';
import { dev } from '../../config/dev';
import { EdgeMlopsStage } from '../../lib/edge-mlops-stage';
import { parseConfig } from '../../lib/shared/app-config';
import { AlarmDelivery, type Publication } from './alarm-delivery';
import { listOf, type Statement, servicesOf } from './policy-statements';
import { ENVIRONMENTS, type SynthesizedApp, synthesizedApp } from './synthesized-app';

const ANOTHER_ACCOUNT = '999999999999';

/** What keeps the alarms of the templates from publishing; `changes` describe another publication. */
async function obstacles(app: SynthesizedApp, changes: Partial<Publication> = {}): Promise<string[]> {
  const delivery = new AlarmDelivery(app);
  const actions = delivery.actions();
  expect(actions.length).toBeGreaterThan(0);
  const sentences = await Promise.all(
    actions.map(({ alarmName, topic }) =>
      delivery.obstacles(topic, { account: app.config.account, alarmName, transport: 'tls', ...changes }),
    ),
  );
  return sentences.flat();
}

/** The same application, without some statements of the policies of one type. */
function without(
  app: SynthesizedApp,
  type: string,
  document: string,
  isTaken: (statement: Statement) => boolean,
): SynthesizedApp {
  return {
    ...app,
    resources: (asked) =>
      app.resources(asked).map((resource) =>
        asked !== type
          ? resource
          : {
              ...resource,
              Properties: {
                ...resource.Properties,
                [document]: {
                  Statement: listOf<Statement>(resource.Properties[document].Statement).filter(
                    (statement) => !isTaken(statement),
                  ),
                },
              },
            },
      ),
  };
}

describe.each(ENVIRONMENTS)('%s: the alarms that call somebody', (environment) => {
  const app = () => synthesizedApp(environment);

  test('every one of them may publish to its topic, and use the key of it', async () => {
    expect(await obstacles(app())).toEqual([]);
  });

  test('no alarm of another account, and none of another application, may publish', async () => {
    const { account } = app().config;
    const high = new AlarmDelivery(app()).actions().length;
    const refused = async (changes: Partial<Publication>, principal: string) =>
      (await obstacles(app(), changes)).filter((sentence) =>
        sentence.includes(`${principal} may not sns:Publish on operations/`),
      );
    expect(await refused({ account: ANOTHER_ACCOUNT }, `account ${ANOTHER_ACCOUNT}`)).toHaveLength(high);
    expect(await refused({ alarmName: 'billing' }, `account ${account}`)).toHaveLength(high);
  });

  test('without the Allow for CloudWatch, as it once was, every one of them is mute', async () => {
    const old = without(app(), 'AWS::SNS::TopicPolicy', 'PolicyDocument', ({ Effect }) => Effect === 'Allow');
    const { account } = app().config;
    const sentences = await obstacles(old);
    expect(sentences).toHaveLength(new AlarmDelivery(app()).actions().length);
    expect(sentences[0]).toMatch(
      new RegExp(
        `^kaizen-${environment}-\\S+ is mute: cloudwatch\\.amazonaws\\.com of account ${account} may not sns:Publish on operations/AlarmsTopic\\w+$`,
      ),
    );
  });

  test('without the key they are mute as well', async () => {
    const locked = without(app(), 'AWS::KMS::Key', 'KeyPolicy', (statement) =>
      servicesOf(statement).includes('cloudwatch.amazonaws.com'),
    );
    expect(
      new Set((await obstacles(locked)).map((sentence) => sentence.replace(/^.* may not /, ''))),
    ).toEqual(
      new Set([
        expect.stringMatching(/^kms:Decrypt on data\/\w+$/),
        expect.stringMatching(/^kms:GenerateDataKey on data\/\w+$/),
      ]),
    );
  });
});

test.each(['dev', 'prod'] as const)('%s: nobody publishes without TLS', async (environment) => {
  const app = synthesizedApp(environment);
  expect(await obstacles(app, { transport: 'plaintext' })).toEqual(
    new AlarmDelivery(app).actions().map(() => expect.stringContaining('may not sns:Publish')),
  );
});

test('who is subscribed by the configuration is subscribed to the topic', () => {
  const alarmSubscriptions = ['line@example.com', 'https://pager.example.com/kaizen?team=line'];
  const config = parseConfig({ ...dev, monitoring: { ...dev.monitoring, alarmSubscriptions } }, 'dev');
  const { operations } = new EdgeMlopsStage(new App({ context: cdkJson.context }), config);
  const template = Template.fromStack(operations);
  const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
  const subscriptions = Object.values(template.findResources('AWS::SNS::Subscription'));
  expect(subscriptions.map(({ Properties }) => Properties)).toEqual([
    { Protocol: 'email', Endpoint: alarmSubscriptions[0], TopicArn: { Ref: topic } },
    { Protocol: 'https', Endpoint: alarmSubscriptions[1], TopicArn: { Ref: topic } },
  ]);
});
