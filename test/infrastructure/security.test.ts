import { ENVIRONMENTS, type PlacedResource, type SynthesizedApp, synthesizedApp } from './synthesized-app';

const nameOf = ({ stack, logicalId }: PlacedResource) => `${stack}/${logicalId}`;

/** Names of the resources for which `holds` is false: an empty list passes, a full one says what to mend. */
function violations(resources: PlacedResource[], holds: (resource: PlacedResource) => unknown): string[] {
  expect(resources.length).toBeGreaterThan(0);
  return resources.filter((resource) => !holds(resource)).map(nameOf);
}

/** References of a policy resource to the resources that it protects, as logical ids. */
function referencesOf(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(
    ([, id]) => id as string,
  );
}

function deniesPlaintext(app: SynthesizedApp, policyType: string, target: 'Bucket' | 'Queues' | 'Topics') {
  return (resource: PlacedResource) =>
    app
      .resources(policyType)
      .filter((policy) => policy.stack === resource.stack)
      .filter((policy) => referencesOf(policy.Properties[target]).includes(resource.logicalId))
      .some((policy) =>
        policy.Properties.PolicyDocument.Statement.some(
          (statement: { Effect: string; Condition?: { Bool?: Record<string, unknown> } }) =>
            statement.Effect === 'Deny' && statement.Condition?.Bool?.['aws:SecureTransport'] === 'false',
        ),
      );
}

describe.each(ENVIRONMENTS)('%s: data at rest', (environment) => {
  const app = () => synthesizedApp(environment);

  test('every bucket is encrypted with a key of ours, private, and owned by the account', () => {
    const wrong = violations(app().resources('AWS::S3::Bucket'), ({ Properties }) => {
      const [rule] = Properties.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
      return (
        rule?.ServerSideEncryptionByDefault?.SSEAlgorithm === 'aws:kms' &&
        rule.ServerSideEncryptionByDefault.KMSMasterKeyID !== undefined &&
        Object.values(Properties.PublicAccessBlockConfiguration ?? {}).filter(Boolean).length === 4 &&
        Properties.OwnershipControls?.Rules[0].ObjectOwnership === 'BucketOwnerEnforced'
      );
    });
    expect(wrong).toEqual([]);
  });

  test('every table is encrypted with a key of ours and can be restored to a point in time', () => {
    const wrong = violations(
      app().resources('AWS::DynamoDB::Table'),
      ({ Properties }) =>
        Properties.SSESpecification?.SSEEnabled === true &&
        Properties.SSESpecification.KMSMasterKeyId !== undefined &&
        Properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true,
    );
    expect(wrong).toEqual([]);
  });

  test('every queue and topic is encrypted with a key of ours', () => {
    const { resources } = app();
    expect(
      violations(
        [...resources('AWS::SQS::Queue'), ...resources('AWS::SNS::Topic')],
        ({ Properties }) => Properties.KmsMasterKeyId !== undefined,
      ),
    ).toEqual([]);
  });

  test('every log group is encrypted with a key of ours and forgets', () => {
    const wrong = violations(
      app().resources('AWS::Logs::LogGroup'),
      ({ Properties }) => Properties.KmsKeyId !== undefined && Properties.RetentionInDays > 0,
    );
    expect(wrong).toEqual([]);
  });

  test('every function writes to a log group of this application', () => {
    const wrong = violations(
      app().resources('AWS::Lambda::Function'),
      ({ Properties }) => Properties.LoggingConfig?.LogGroup !== undefined,
    );
    expect(wrong).toEqual([]);
  });

  test('symmetric keys rotate, and the key that signs releases can do nothing else', () => {
    const keys = app().resources('AWS::KMS::Key');
    const signing = keys.filter(({ Properties }) => Properties.KeyUsage === 'SIGN_VERIFY');
    expect(signing.map(({ Properties }) => Properties.KeySpec)).toEqual(['ECC_NIST_P256']);
    const others = keys.filter((key) => !signing.includes(key));
    expect(violations(others, ({ Properties }) => Properties.EnableKeyRotation === true)).toEqual([]);
  });
});

describe.each(['dev', 'prod'] as const)('%s: data on the way', (environment) => {
  const app = () => synthesizedApp(environment);

  test.each([
    ['bucket', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'Bucket'],
    ['queue', 'AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues'],
    ['topic', 'AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics'],
  ] as const)('every %s refuses requests without TLS', (_name, type, policyType, target) => {
    expect(violations(app().resources(type), deniesPlaintext(app(), policyType, target))).toEqual([]);
  });
});

describe.each(ENVIRONMENTS)('%s: nothing gets lost', (environment) => {
  const app = () => synthesizedApp(environment);

  test('every queue has a dead-letter queue, or is one', () => {
    const queues = app().resources('AWS::SQS::Queue');
    const deadLetterTargets = new Set(
      [
        ...queues.map(({ Properties }) => Properties.RedrivePolicy),
        ...app()
          .resources('AWS::Lambda::EventInvokeConfig')
          .map(({ Properties }) => Properties.DestinationConfig),
        ...app()
          .resources('AWS::Events::Rule')
          .flatMap(({ Properties }) =>
            Properties.Targets.map((target: { DeadLetterConfig?: object }) => target.DeadLetterConfig),
          ),
      ].flatMap((value) => (value === undefined ? [] : referencesOf(value))),
    );
    expect(
      violations(
        queues,
        ({ Properties, logicalId }) =>
          Properties.RedrivePolicy !== undefined || deadLetterTargets.has(logicalId),
      ),
    ).toEqual([]);
  });

  test('every rule has a dead-letter queue for events that cannot be delivered', () => {
    expect(
      violations(app().resources('AWS::Events::Rule'), ({ Properties }) =>
        Properties.Targets.every((target: { DeadLetterConfig?: object }) => target.DeadLetterConfig),
      ),
    ).toEqual([]);
  });

  test('every function that a rule invokes keeps the events that it failed on', () => {
    const kept = app()
      .resources('AWS::Lambda::EventInvokeConfig')
      .filter(({ Properties }) => Properties.DestinationConfig?.OnFailure)
      .map(({ stack, Properties }) => `${stack}/${referencesOf(Properties.FunctionName)[0]}`);
    const invoked = app()
      .resources('AWS::Lambda::Permission')
      .filter(({ Properties }) => Properties.Principal === 'events.amazonaws.com');
    expect(
      violations(invoked, ({ stack, Properties }) =>
        kept.includes(`${stack}/${referencesOf(Properties.FunctionName)[0]}`),
      ),
    ).toEqual([]);
  });

  test('every function that takes from a queue answers per message', () => {
    expect(
      violations(app().resources('AWS::Lambda::EventSourceMapping'), ({ Properties }) =>
        Properties.FunctionResponseTypes?.includes('ReportBatchItemFailures'),
      ),
    ).toEqual([]);
  });

  test('every topic rule keeps the messages that its queue did not take', () => {
    expect(
      violations(
        app().resources('AWS::IoT::TopicRule'),
        ({ Properties }) => Properties.TopicRulePayload.ErrorAction?.Sqs !== undefined,
      ),
    ).toEqual([]);
  });
});
