import type { PolicyValidationPluginReport, PolicyViolation } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { ACCEPTED_FINDINGS, type AcceptedFinding } from './accepted-findings';

/**
 * The AwsSolutions rules of cdk-nag. Each accepted finding is acknowledged with its reason on the very construct
 * that it is about, never on a whole stack; any other finding fails synthesis.
 */
export class AwsSolutionsReview extends AwsSolutionsChecks {
  /** Which of them were needed in the last validation. */
  readonly findingsUsed = new Set<AcceptedFinding>();

  constructor(
    scope: IConstruct,
    private readonly transport: AppConfig['transport'],
  ) {
    super(scope);
  }

  override validateScope(scope: IConstruct): PolicyValidationPluginReport {
    const { violations } = super.validateScope(scope);
    const open = violations
      .map((violation) => this.withoutAccepted(scope, violation))
      .filter(({ violatingResources }) => violatingResources.length > 0);
    return { success: open.length === 0, violations: open };
  }

  private withoutAccepted(scope: IConstruct, violation: PolicyViolation): PolicyViolation {
    const violatingResources = violation.violatingResources.filter(({ constructPath }) => {
      const construct = constructPath === undefined ? undefined : findByPath(scope, constructPath);
      return construct === undefined || !this.acknowledge(construct, violation.ruleName);
    });
    return { ...violation, violatingResources };
  }

  private acknowledge(construct: IConstruct, finding: string): boolean {
    const { path } = construct.node;
    const accepted = ACCEPTED_FINDINGS.find(
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

function findByPath(scope: IConstruct, path: string): IConstruct | undefined {
  const { root } = scope.node;
  return path.split('/').reduce<IConstruct | undefined>((found, id) => found?.node.tryFindChild(id), root);
}
