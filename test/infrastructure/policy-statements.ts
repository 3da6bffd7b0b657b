import type { SynthesizedApp } from './synthesized-app';

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: '*' | { Service?: string | string[]; AWS?: unknown };
  readonly Condition?: Readonly<Record<string, Record<string, unknown>>>;
}

export interface PlacedStatement {
  /** Stack and logical id of the policy. */
  readonly where: string;
  readonly statement: Statement;
}

export const listOf = <Value>(value: Value | Value[] | undefined): Value[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Service principals that a statement of a resource's policy names. */
export function servicesOf({ Principal }: Statement): string[] {
  return Principal === undefined || Principal === '*' ? [] : listOf(Principal.Service);
}

/** What roles may do: every statement of every identity policy, also of the inline ones. */
export function identityStatements(app: SynthesizedApp): PlacedStatement[] {
  const attached = app.resources('AWS::IAM::Policy').flatMap(({ stack, logicalId, Properties }) =>
    listOf<Statement>(Properties.PolicyDocument.Statement).map((statement) => ({
      where: `${stack}/${logicalId}`,
      statement,
    })),
  );
  const inline = app.resources('AWS::IAM::Role').flatMap(({ stack, logicalId, Properties }) =>
    listOf<{ PolicyDocument: { Statement: Statement[] } }>(Properties.Policies).flatMap((policy) =>
      listOf(policy.PolicyDocument.Statement).map((statement) => ({
        where: `${stack}/${logicalId}`,
        statement,
      })),
    ),
  );
  return [...attached, ...inline];
}

/** Who may become a role: every statement of every trust policy. */
export function trustStatements(app: SynthesizedApp): PlacedStatement[] {
  return app.resources('AWS::IAM::Role').flatMap(({ stack, logicalId, Properties }) =>
    listOf<Statement>(Properties.AssumeRolePolicyDocument.Statement).map((statement) => ({
      where: `${stack}/${logicalId}`,
      statement,
    })),
  );
}
