import type { PolicyValidationPluginReport, PolicyViolation } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { JUDGED_FINDINGS, type JudgedFinding } from './judged-findings';

/**
 * The AwsSolutions rules of cdk-nag. Each judged finding is acknowledged with its reason on the very construct
 * that it is about, never on a whole stack; any other finding fails synthesis.
 */
export class AwsSolutionsReview extends AwsSolutionsChecks {
  /** Which judgements were needed in the last validation. */
  readonly judgementsUsed = new Set<JudgedFinding>();

  override validateScope(scope: IConstruct): PolicyValidationPluginReport {
    const { violations } = super.validateScope(scope);
    const open = violations
      .map((violation) => this.withoutJudged(scope, violation))
      .filter(({ violatingResources }) => violatingResources.length > 0);
    return { success: open.length === 0, violations: open };
  }

  private withoutJudged(scope: IConstruct, violation: PolicyViolation): PolicyViolation {
    const violatingResources = violation.violatingResources.filter(({ constructPath }) => {
      const construct = constructPath === undefined ? undefined : findByPath(scope, constructPath);
      return construct === undefined || !this.acknowledge(construct, violation.ruleName);
    });
    return { ...violation, violatingResources };
  }

  private acknowledge(construct: IConstruct, finding: string): boolean {
    const { path } = construct.node;
    const judged = JUDGED_FINDINGS.find((entry) => entry.finding.test(finding) && entry.construct.test(path));
    if (judged === undefined) return false;
    this.judgementsUsed.add(judged);
    Validations.of(construct).acknowledge({ id: finding, reason: judged.reason });
    return true;
  }
}

function findByPath(scope: IConstruct, path: string): IConstruct | undefined {
  const { root } = scope.node;
  return path.split('/').reduce<IConstruct | undefined>((found, id) => found?.node.tryFindChild(id), root);
}
