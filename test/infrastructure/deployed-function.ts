import { listOf, type Statement } from './policy-statements';
import { ResolvedValues } from './resolved-values';
import type { PlacedResource, SynthesizedApp } from './synthesized-app';

const escaped = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** IAM's patterns: `*` is any text, `?` any character. */
function matches(pattern: string, text: string): boolean {
  const expression = escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(text);
}

interface ResolvedStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly isConditional: boolean;
}

/** A function as the templates deploy it: its variables, and what its role may do. */
export class DeployedFunction {
  readonly environment: Readonly<Record<string, string>>;
  private readonly statements: readonly ResolvedStatement[];

  /** @param handler folder below lambda/ */
  constructor(
    app: SynthesizedApp,
    readonly handler: string,
  ) {
    const values = new ResolvedValues(app);
    const found = app
      .resources('AWS::Lambda::Function')
      .find(
        ({ Properties }) =>
          Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === handler.replace('/', '-'),
      );
    if (!found) throw new Error(`no function is deployed for lambda/${handler}`);
    const { stack, Properties } = found;
    this.environment = Object.fromEntries(
      Object.entries(Properties.Environment.Variables).map(([name, value]) => [
        name,
        values.text(stack, value),
      ]),
    );
    const [role] = Properties.Role['Fn::GetAtt'];
    this.statements = policiesOf(app, stack, role).flatMap((statement) => ({
      effect: statement.Effect,
      actions: listOf(statement.Action),
      resources: listOf(statement.Resource).map((resource) => values.text(stack, resource)),
      isConditional: statement.Condition !== undefined,
    }));
  }

  /**
   * Whether the role allows `action` on `resource`. Conditions are not evaluated: a statement with one allows nothing
   * here, and denies.
   */
  allows(action: string, resource: string): boolean {
    const applying = this.statements.filter(
      ({ actions, resources }) =>
        actions.some((pattern) => matches(pattern, action)) &&
        resources.some((pattern) => matches(pattern, resource)),
    );
    if (applying.some(({ effect }) => effect === 'Deny')) return false;
    return applying.some(({ isConditional }) => !isConditional);
  }
}

/** Statements of the policies attached to a role, and of those inside it. */
function policiesOf(app: SynthesizedApp, stack: string, role: string): Statement[] {
  const inStack = (resource: PlacedResource) => resource.stack === stack;
  const attached = app
    .resources('AWS::IAM::Policy')
    .filter(inStack)
    .filter(({ Properties }) => listOf<{ Ref?: string }>(Properties.Roles).some(({ Ref }) => Ref === role))
    .flatMap(({ Properties }) => listOf<Statement>(Properties.PolicyDocument.Statement));
  const inline = app
    .resources('AWS::IAM::Role')
    .filter((resource) => inStack(resource) && resource.logicalId === role)
    .flatMap(({ Properties }) =>
      listOf<{ PolicyDocument: { Statement: Statement[] } }>(Properties.Policies).flatMap((policy) =>
        listOf(policy.PolicyDocument.Statement),
      ),
    );
  return [...attached, ...inline];
}
