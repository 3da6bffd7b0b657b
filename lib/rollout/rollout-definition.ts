import { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

/** The functions behind the steps. */
export interface RolloutFunctions {
  readonly plan: lambda.IFunction;
  readonly deploy: lambda.IFunction;
  readonly check: lambda.IFunction;
  readonly judge: lambda.IFunction;
  readonly rollBack: lambda.IFunction;
  readonly finish: lambda.IFunction;
}

/** A function that does not answer is given up on; longer than any function's own timeout. */
const STEP_TIMEOUT = Duration.minutes(6);
const RETRY = { interval: Duration.seconds(2), maxAttempts: 2, backoffRate: 2 };

/**
 * The rollout as a state machine. The execution's state is one document (`RolloutState` in
 * `lambda/rollout/rollout-state.ts`): every function takes it whole and answers the next one, and the choices read
 * what it decided. The waves are data of that document, so the machine is the same for two waves as for ten.
 */
export function rolloutDefinition(
  scope: Construct,
  functions: RolloutFunctions,
  pollInterval: Duration,
): sfn.IChainable {
  const step = (name: string, lambdaFunction: lambda.IFunction, payload?: sfn.TaskInput) => {
    const task = new tasks.LambdaInvoke(scope, name, {
      lambdaFunction,
      ...(payload && { payload }),
      payloadResponseOnly: true,
      taskTimeout: sfn.Timeout.duration(STEP_TIMEOUT),
    });
    // Every function is idempotent, so any failure may be tried again.
    return task.addRetry({ errors: [sfn.Errors.TASKS_FAILED], ...RETRY });
  };
  const pause = (name: string) => new sfn.Wait(scope, name, { time: sfn.WaitTime.duration(pollInterval) });
  const is = (path: string, value: string) => sfn.Condition.stringEquals(path, value);
  const ending = (outcome: 'COMPLETED' | 'ROLLED_BACK') =>
    sfn.TaskInput.fromObject({ ending: outcome, 'state.$': '$' });

  const note = new sfn.Pass(scope, 'Note the release', {
    parameters: {
      'useCase.$': '$.useCase',
      'counter.$': '$.counter',
      'releaseId.$': '$.releaseId',
      'executionArn.$': '$$.Execution.Id',
      waveIndex: 0,
      waves: [],
      notes: [],
    },
  });
  const plan = step('Plan the rollout', functions.plan);
  const deploy = step('Deploy to the wave', functions.deploy);
  const check = step('Check the devices of the wave', functions.check);
  const bake = new sfn.Wait(scope, 'Let the wave work', { time: sfn.WaitTime.secondsPath('$.bakeSeconds') });
  const judge = step('Judge the wave', functions.judge);
  const complete = step('Record the release in service', functions.finish, ending('COMPLETED'));
  const rollBack = step('Roll back every touched wave', functions.rollBack);
  const checkRollBack = step('Check the devices rolled back', functions.check);
  const recordRollBack = step('Record the roll-back', functions.finish, ending('ROLLED_BACK'));

  const waitsItsTurn = new sfn.Succeed(scope, 'Another rollout is running');
  const nothingToDo = new sfn.Succeed(scope, 'Nothing to roll out');
  const inService = new sfn.Succeed(scope, 'In service everywhere');
  const rolledBack = new sfn.Fail(scope, 'Rolled back', {
    error: 'RolledBack',
    causePath: sfn.JsonPath.stringAt('$.summary'),
  });
  const notRecorded = new sfn.Fail(scope, 'Outcome not recorded', {
    error: 'OutcomeNotRecorded',
    cause:
      'The devices are as the last step left them, but the release table does not say so: see the execution.',
  });

  const moreWaves = new sfn.Choice(scope, 'Is there another wave?')
    .when(sfn.Condition.booleanEquals('$.moreWaves', true), deploy)
    .otherwise(complete);

  note.next(plan);
  plan.next(
    new sfn.Choice(scope, 'May the rollout start?')
      .when(is('$.plan.outcome', 'START'), deploy)
      .when(is('$.plan.outcome', 'BUSY'), waitsItsTurn)
      .otherwise(nothingToDo),
  );
  deploy.next(
    new sfn.Choice(scope, 'Does the wave have devices?')
      .when(is('$.deployment.outcome', 'DEPLOYED'), pause('Wait for the devices').next(check))
      .otherwise(moreWaves),
  );
  check.next(
    new sfn.Choice(scope, 'Do all devices run the release?')
      .when(is('$.check.status', 'READY'), bake.next(judge))
      .when(is('$.check.status', 'PENDING'), pause('Wait for more devices').next(check))
      .otherwise(rollBack),
  );
  judge.next(
    new sfn.Choice(scope, 'Is the release good enough?')
      .when(is('$.judgement.verdict', 'PROMOTE'), moreWaves)
      .when(is('$.judgement.verdict', 'WAIT'), pause('Wait for more results').next(judge))
      .otherwise(rollBack),
  );
  complete.next(inService);
  rollBack.next(
    new sfn.Choice(scope, 'Is there anything to wait for?')
      .when(is('$.rollback.outcome', 'DEPLOYED'), pause('Wait for the roll-back').next(checkRollBack))
      .otherwise(recordRollBack),
  );
  checkRollBack.next(
    new sfn.Choice(scope, 'Are the devices back?')
      .when(is('$.check.status', 'PENDING'), pause('Wait for more devices to be back').next(checkRollBack))
      .otherwise(recordRollBack),
  );
  recordRollBack.next(rolledBack);

  const onFailure = (from: readonly sfn.TaskStateBase[], to: sfn.IChainable, resultPath: string) => {
    for (const task of from) task.addCatch(to, { errors: [sfn.Errors.ALL], resultPath });
  };
  onFailure([plan, deploy, check, judge], rollBack, '$.error');
  onFailure([rollBack, checkRollBack], recordRollBack, '$.rollbackError');
  onFailure([complete, recordRollBack], notRecorded, '$.error');
  return note;
}
