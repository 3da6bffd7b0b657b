import { readFileSync } from 'node:fs';
import {
  CfnResource,
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
  type PolicyViolation,
  Stack,
} from 'aws-cdk-lib';
import { alarmTopic } from './alarm-topic';
import { Application } from './application';
import { budgetTopic } from './budget-topic';
import { greengrassRecipe, type RecipePlace } from './greengrass-recipe';
import { iotPolicyMisconfigured } from './iot-policy-misconfigured';
import { iotPolicyPermissive } from './iot-policy-permissive';
import { jobEncryption } from './job-encryption';
import { jobIsolation } from './job-isolation';
import { metricWritten, type WrittenMetric } from './metric-written';
import { objectPrefixes, type WrittenPrefix } from './object-prefixes';
import { roleAliasPermissive } from './role-alias-permissive';
import type { Rule } from './rule';
import { topicRuleErrorAction } from './topic-rule-error-action';

/** What templates do not show: what the application's code does. */
export interface EdgeMlChecksProps {
  /** Custom resources that create Greengrass components. */
  readonly recipes?: readonly RecipePlace[];
  /** Metrics that the code writes; without them CW2 is not checked. */
  readonly metrics?: { readonly namespace: string; readonly written: readonly WrittenMetric[] };
  /** Prefixes below which the code puts objects; without them S31 is not checked. */
  readonly prefixes?: readonly WrittenPrefix[];
}

/**
 * Rules for applications with AWS IoT, Greengrass and SageMaker pipelines, which general packs do not have. It imports
 * nothing but the CDK and may be taken out as it is:
 * `Validations.of(app).addPlugins(new EdgeMlChecks())`.
 */
export class EdgeMlChecks implements IPolicyValidationPlugin {
  readonly name = 'EdgeMl';
  readonly ruleIds: string[];
  private readonly rules: readonly Rule[];

  constructor({ recipes = [], metrics, prefixes }: EdgeMlChecksProps = {}) {
    this.rules = [
      ...[iotPolicyPermissive, iotPolicyMisconfigured, roleAliasPermissive, topicRuleErrorAction],
      ...[greengrassRecipe(...recipes), jobIsolation, jobEncryption, alarmTopic, budgetTopic],
      ...(metrics ? [metricWritten(metrics.namespace, metrics.written)] : []),
      ...(prefixes ? [objectPrefixes(prefixes)] : []),
    ];
    this.ruleIds = this.rules.map(({ id }) => `${this.name}-${id}`);
  }

  validate({ stackTemplates, appConstruct }: IPolicyValidationContext): PolicyValidationPluginReport {
    const templates = stackTemplates.map(({ stackConstructPath, templatePath }): [string, object] => [
      stackConstructPath,
      JSON.parse(readFileSync(templatePath, 'utf8')),
    ]);
    const application = new Application(new Map(templates));
    const paths = new Map<string, string>();
    for (const node of appConstruct.node.findAll().filter(CfnResource.isCfnResource)) {
      const stack = Stack.of(node);
      paths.set(`${stack.node.path}/${stack.resolve(node.logicalId)}`, node.node.path);
    }
    const violations = this.rules.flatMap(({ id, description, source, check }) =>
      check(application).map(
        ({ resource, found }): PolicyViolation => ({
          ruleName: `${this.name}-${id}[${found}]`,
          description,
          fix: source,
          severity: 'error',
          violatingResources: [
            {
              constructPath: paths.get(`${resource.stack}/${resource.logicalId}`) ?? resource.stack,
              locations: ['Properties'],
            },
          ],
        }),
      ),
    );
    return { success: violations.length === 0, violations };
  }
}
