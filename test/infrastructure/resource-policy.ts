/** What the policy of a topic or a key means for a request of an AWS service. */
import { listOf, type Statement } from './policy-statements';
import type { ResolvedValues } from './resolved-values';
import { textMatches } from './text-patterns';

export interface ServiceRequest {
  /** Service principal that asks, such as `cloudwatch.amazonaws.com`. */
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the service sends. */
  readonly context: Readonly<Record<string, string>>;
}

const CONDITIONS: Readonly<Record<string, (expected: string, actual: string) => boolean>> = {
  StringEquals: (expected, actual) => expected === actual,
  Bool: (expected, actual) => expected === actual,
  ArnLike: textMatches,
};

export class ResourcePolicy {
  constructor(
    private readonly statements: readonly Statement[],
    private readonly values: ResolvedValues,
    private readonly stack: string,
  ) {}

  /** @throws Error for a condition operator that no template has used so far */
  allows(request: ServiceRequest): boolean {
    const applying = this.statements.filter((statement) => this.applies(statement, request));
    return (
      applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny')
    );
  }

  private applies(statement: Statement, { service, action, resource, context }: ServiceRequest): boolean {
    return (
      this.isAbout(statement.Principal, service) &&
      listOf(statement.Action).some((pattern) => textMatches(pattern, action)) &&
      this.texts(statement.Resource).some((pattern) => textMatches(pattern, resource)) &&
      Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
        Object.entries(keys).every(([key, expected]) => {
          const holds = CONDITIONS[operator];
          if (!holds) throw new Error(`${this.stack}: cannot judge the condition operator ${operator}`);
          const actual = context[key];
          return actual !== undefined && this.texts(expected).some((text) => holds(text, actual));
        }),
      )
    );
  }

  /** `*`, or `{AWS: '*'}`, is everybody, services too; an account or a role in it is no service. */
  private isAbout(principal: Statement['Principal'] | '*', service: string): boolean {
    if (principal === undefined) return false;
    if (principal === '*') return true;
    return this.texts(principal.AWS).includes('*') || listOf(principal.Service).includes(service);
  }

  private texts(value: unknown): string[] {
    return listOf(value).map((part) => this.values.text(this.stack, part));
  }
}
