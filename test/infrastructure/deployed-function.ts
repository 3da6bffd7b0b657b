import { type RequestContext, simulate } from './iam-simulator';
import { ResolvedValues } from './resolved-values';
import { type Role, rolesOf } from './role-policies';
import type { SynthesizedApp } from './synthesized-app';

/** A function as the templates deploy it: its variables, and what its role may do. */
export class DeployedFunction {
  readonly environment: Readonly<Record<string, string>>;
  private readonly role: Role;

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
    const [logicalId] = Properties.Role['Fn::GetAtt'];
    const role = rolesOf(app).find((one) => one.stack === stack && one.logicalId === logicalId);
    if (!role) throw new Error(`lambda/${handler} has a role of another stack`);
    this.role = role;
  }

  /** Whether the role allows `action` on `resource`, under its conditions. */
  allows(action: string, resource: string, context: RequestContext = {}): Promise<boolean> {
    return simulate(this.role.statements, { principal: this.role.arn, action, resource, context });
  }
}
