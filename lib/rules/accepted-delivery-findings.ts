import type { AcceptedFinding } from './accepted-findings';

const VERIFIER = /^[\w-]+\/Verification\/Verifier\/Role\/DefaultPolicy\/Resource$/;
const PIPELINE = /^DeliveryPipeline\/Pipeline\//;
const INSPECTOR = /^DeliveryPipeline\/Inspector\/DefaultPolicy\/Resource$/;
const BUILDS = /^DeliveryPipeline\/(Pipeline|Inspector)\//;

/** As {@link ACCEPTED_FINDINGS}, of what delivers: the pipeline's stack, the verifiers, the roles of GitHub Actions. */
export const ACCEPTED_DELIVERY_FINDINGS: readonly AcceptedFinding[] = [
  {
    finding: /^AwsSolutions-IAM5\[Action::s3:DeleteObject\*\]$/,
    construct: PIPELINE,
    reason: 'Grant of the CDK: CodePipeline replaces artifacts, of which old versions stay for 30 days.',
  },
  {
    finding:
      /^(AwsSolutions-IAM5\[Resource::<Artifacts\w+\.Arn>\/\*\]|EdgeMl-S31\[Beyond::<Artifacts\w+>\/\*\])$/,
    construct: BUILDS,
    reason: 'CodePipeline chooses the keys of artifacts, which every build of the pipeline takes and gives.',
  },
  {
    finding:
      /^(AwsSolutions-IAM5\[Resource::<Artifacts\w+\.Arn>\/reviews\/\*\]|EdgeMl-S31\[Beyond::<Artifacts\w+>\/reviews\/\*\])$/,
    construct: INSPECTOR,
    reason: 'A page for each execution: its id is known at run time.',
  },
  {
    finding:
      /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:(logs:\S+:log-group:\/aws\/codebuild\/(\*|<\w+>:\*)|codebuild:\S+:report-group\/(\*|<\w+>-\*))\]$/,
    construct: BUILDS,
    reason: 'Log streams and test reports of builds, which come into being with them.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:\*:iam::\d+:role\/\*\]$/,
    construct: /^DeliveryPipeline\/Pipeline\/UpdatePipeline\/SelfMutation\//,
    reason:
      "Those roles only that have the bootstrap stack's tag: it is how the CDK lets the pipeline update itself.",
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:cloudformation:\S+:stack\/kaizen-[\w-]+\/\*\]$/,
    construct: VERIFIER,
    reason: 'One named stack: the end of its ARN is made with it.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:greengrass:\S+:components:\S+:versions:\*\]$/,
    construct: VERIFIER,
    reason: 'Every version of one named component: a deployment brings another one.',
  },
];
