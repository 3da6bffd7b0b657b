import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import { dev } from '../../config/dev';
import { HandlerFunction, type HandlerFunctionProps } from '../../lib/shared/handler-function';

function templateOf(props: Partial<HandlerFunctionProps>): Template {
  const stack = new Stack(new App(), 'Test');
  new HandlerFunction(stack, 'Subject', {
    config: dev,
    encryptionKey: new kms.Key(stack, 'Key'),
    handler: 'telemetry/ingest-status',
    description: 'Under test',
    ...props,
  });
  return Template.fromStack(stack);
}

describe('HandlerFunction', () => {
  test("keeps the caller's variables beside its own, and lets the caller win", () => {
    const template = templateOf({ environment: { TABLE: 'statuses', KAIZEN_USE_CASE: 'another' } });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          TABLE: 'statuses',
          KAIZEN_USE_CASE: 'another',
          KAIZEN_ENVIRONMENT: 'dev',
        }),
      },
    });
  });

  test('may write to its own log group only', () => {
    const template = templateOf({});
    const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
          },
        ]),
      },
    });
  });

  test('has a dead-letter queue exactly when it is asynchronous', () => {
    templateOf({ asynchronous: true }).resourceCountIs('AWS::SQS::Queue', 1);
    templateOf({}).resourceCountIs('AWS::SQS::Queue', 0);
  });

  test('refuses a handler that has not been built, and says how to build it', () => {
    expect(() => templateOf({ handler: 'telemetry/fold-laundry' })).toThrow(
      'the bundle of lambda/telemetry/fold-laundry/handler.ts is missing (dist/lambda/telemetry/fold-laundry/index.js): run `npm run build`',
    );
  });

  test('[S10] refuses one without what has to lie beside it', () => {
    expect(() => templateOf({ handler: 'telemetry/ingest-status', beside: ['other.cjs'] })).toThrow(
      'is missing (dist/lambda/telemetry/ingest-status/other.cjs): run `npm run build`',
    );
  });
});
