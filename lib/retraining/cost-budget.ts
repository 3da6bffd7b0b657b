import { Stack } from 'aws-cdk-lib';
import { CfnBudget, CfnBudgetsAction } from 'aws-cdk-lib/aws-budgets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { RETRAINING_VARIABLES } from '../../lambda/retraining/names';
import { TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { BUDGETS_SERVICE } from '../shared/encryption-key';
import { serviceRole } from '../shared/service-role';
import { costTags } from '../shared/stack-props';

export interface CostBudgetProps {
  readonly config: AppConfig;
  readonly budget: NonNullable<AppConfig['budget']>;
}

/** What starts what costs; a job that runs is left to end. */
const JOB_STARTS = ['CreateTrainingJob', 'CreateProcessingJob', 'CreateHyperParameterTuningJob'];

/**
 * What an environment may spend in a calendar month. The loop asks it before it starts a retraining
 * (`retraining/start-retraining`); at a higher share AWS Budgets itself takes the right to start jobs from the pipeline,
 * whoever starts that. Both end with the month or with a raised budget, docs/teardown-and-cost.md.
 */
export class CostBudget extends Construct {
  private readonly arn: string;
  private readonly budget: CfnBudget;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CostBudgetProps,
  ) {
    super(scope, id);
    const { budget, config } = props;
    // Without a name of its own: a budget whose notifications change is replaced, and two of one name cannot be.
    this.budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budget.monthlyUsd, unit: 'USD' },
        metrics: ['UnblendedCost'],
        ...(budget.counts === 'environment' && { filterExpression: { and: tagged(config) } }),
      },
    });
    this.arn = this.formatBudgetArn(this.budget.ref);
  }

  /** For the function that asks it. */
  get variables(): Readonly<Record<string, string>> {
    return {
      [RETRAINING_VARIABLES.spendingBudget]: this.arn,
      [RETRAINING_VARIABLES.spendingLimitPercent]: String(this.props.budget.retrainingStopsAtPercent),
    };
  }

  /** For the function that answers questions of devices, which stops first. */
  get questionVariables(): Readonly<Record<string, string>> {
    const { secondOpinionsStopAtPercent: percent } = this.props.budget;
    return {
      [TELEMETRY_VARIABLES.questionSpendingBudget]: this.arn,
      ...(percent !== undefined && { [TELEMETRY_VARIABLES.questionSpendingLimitPercent]: String(percent) }),
    };
  }

  /** Only what this one budget says. */
  grantRead(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({ grantee, actions: ['budgets:ViewBudget'], resourceArns: [this.arn] });
  }

  /** Tells the topic when questions of devices, and when retraining stop. */
  announceTo(topic: sns.ITopic): void {
    this.allowPublishing(topic);
    const { secondOpinionsStopAtPercent, retrainingStopsAtPercent } = this.props.budget;
    const thresholds = [secondOpinionsStopAtPercent ?? [], retrainingStopsAtPercent].flat();
    this.budget.notificationsWithSubscribers = thresholds.map((threshold) => ({
      notification: {
        notificationType: 'ACTUAL',
        comparisonOperator: 'GREATER_THAN',
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    }));
  }

  /**
   * Takes the right to start jobs from the pipeline at `trainingStopsAtPercent`, and tells the topic.
   * `REVERSE_BUDGET_ACTION` gives it back.
   */
  stopJobsOf(pipelineRole: iam.IRole, topic: sns.ITopic): void {
    const deny = new iam.ManagedPolicy(this, 'NoJobs', {
      description: 'Attached by AWS Budgets while the budget of the month is spent',
      statements: [
        new iam.PolicyStatement({
          sid: 'NoJobs',
          effect: iam.Effect.DENY,
          actions: JOB_STARTS.map((action) => `sagemaker:${action}`),
          resources: ['*'],
        }),
      ],
    });
    const role = serviceRole(this, 'Role', BUDGETS_SERVICE, this.formatBudgetArn('*'));
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'AttachNoJobs',
        actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
        resources: [pipelineRole.roleArn],
        conditions: { ArnEquals: { 'iam:PolicyARN': deny.managedPolicyArn } },
      }),
    );
    const action = new CfnBudgetsAction(this, 'StopTraining', {
      budgetName: this.budget.ref,
      actionType: 'APPLY_IAM_POLICY',
      notificationType: 'ACTUAL',
      actionThreshold: { type: 'PERCENTAGE', value: this.props.budget.trainingStopsAtPercent },
      approvalModel: 'AUTOMATIC',
      executionRoleArn: role.roleArn,
      definition: {
        iamActionDefinition: { policyArn: deny.managedPolicyArn, roles: [pipelineRole.roleName] },
      },
      subscribers: [{ type: 'SNS', address: topic.topicArn }],
    });
    // Budgets tries the role when the action is made.
    action.node.addDependency(role);
  }

  /** The key's side is in lib/shared/encryption-key.ts. */
  private allowPublishing(topic: sns.ITopic): void {
    const { account, partition } = Stack.of(this);
    const { policyDependable } = topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'BudgetPublishes',
        principals: [new iam.ServicePrincipal(BUDGETS_SERVICE)],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:budgets::${account}:*` },
        },
      }),
    );
    // Budgets tries the topic when the budget is made.
    if (policyDependable) this.budget.node.addDependency(policyDependable);
  }

  /** Of a service without regions. */
  private formatBudgetArn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'budgets', region: '', resource: 'budget', resourceName });
  }
}

/** What the stacks of the environment and its jobs are tagged with. */
function tagged(config: AppConfig): CfnBudget.ExpressionProperty[] {
  const { application, environment } = costTags(config);
  return Object.entries({ application, environment }).map(([key, value]) => ({
    tags: { key, values: [String(value)], matchOptions: ['EQUALS'] },
  }));
}
