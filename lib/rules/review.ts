import type {
  IPolicyValidationContext,
  IPolicyValidationPlugin,
  PolicyValidationPluginReport,
  PolicyViolation,
} from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { ACCEPTED_FINDINGS, type AcceptedFinding } from './accepted-findings';

/**
 * A pack of rules whose accepted findings are acknowledged with their reason on the very construct that they are about,
 * never on a whole stack; any other finding fails synthesis.
 */
export class Review implements IPolicyValidationPlugin {
  readonly name: string;
  /** Which of them were needed in the last validation. */
  readonly findingsUsed = new Set<AcceptedFinding>();

  constructor(
    private readonly pack: IPolicyValidationPlugin,
    private readonly transport: AppConfig['transport'],
    private readonly accepted: readonly AcceptedFinding[] = ACCEPTED_FINDINGS,
  ) {
    this.name = pack.name;
  }

  validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const { violations } = this.pack.validate(context);
    const open = violations
      .map((violation) => this.withoutAccepted(context.appConstruct, violation))
      .filter(({ violatingResources }) => violatingResources.length > 0);
    return { success: open.length === 0, violations: open };
  }

  private withoutAccepted(root: IConstruct, violation: PolicyViolation): PolicyViolation {
    const violatingResources = violation.violatingResources.filter(({ constructPath }) => {
      const construct = constructPath === undefined ? undefined : findByPath(root, constructPath);
      return construct === undefined || !this.acknowledge(construct, violation.ruleName);
    });
    return { ...violation, violatingResources };
  }

  private acknowledge(construct: IConstruct, finding: string): boolean {
    const { path } = construct.node;
    const accepted = this.accepted.find(
      (entry) =>
        entry.finding.test(finding) &&
        entry.construct.test(path) &&
        (entry.transport ?? this.transport) === this.transport,
    );
    if (accepted === undefined) return false;
    this.findingsUsed.add(accepted);
    Validations.of(construct).acknowledge({ id: finding, reason: accepted.reason });
    return true;
  }
}

function findByPath(root: IConstruct, path: string): IConstruct | undefined {
  return path.split('/').reduce<IConstruct | undefined>((found, id) => found?.node.tryFindChild(id), root);
}
