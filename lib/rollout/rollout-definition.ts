import { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { HOPELESS_ERRORS, ROLLOUT_ERRORS, WAYS_BACK } from '../../lambda/rollout/names';

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
/**
 * Minutes of throttling change nothing but the time. With full jitter a wait is anything up to 2, 4, 8, 16, 32 s and then a
 * minute: 30 of them are 13 minutes on average, deviation 1.5, so that five minutes are outlived by 5 deviations.
 */
const RETRY = {
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxDelay: Duration.minutes(1),
  maxAttempts: 30,
  jitterStrategy: sfn.JitterType.FULL,
};

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
      // One rule for the service's errors and the function's own.
      retryOnServiceExceptions: false,
      taskTimeout: sfn.Timeout.duration(STEP_TIMEOUT),
    });
    // Every function is idempotent, so any failure may be tried again.
    task.addRetry({ errors: [...HOPELESS_ERRORS], maxAttempts: 0 });
    return task.addRetry({ errors: [sfn.Errors.ALL], ...RETRY });
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
      'request.$': '$',
      waveIndex: 0,
      waves: [],
      notes: [],
      wayBack: WAYS_BACK.verdict,
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
  const takenBack = new sfn.Fail(scope, 'Rolled back', {
    errorPath: sfn.JsonPath.stringAt('$.ending'),
    causePath: sfn.JsonPath.stringAt('$.summary'),
  });
  // What follows is left to sweep-rollouts, which reads these errors. The lock stays, so that nothing else begins.
  const notRecorded = new sfn.Fail(scope, 'Outcome not recorded', {
    error: ROLLOUT_ERRORS.inServiceNotRecorded,
    cause: 'Every wave has the release, but the release table does not say so yet: see the execution.',
  });
  const notTakenBack = new sfn.Fail(scope, 'Roll-back not finished', {
    error: ROLLOUT_ERRORS.rollBackNotFinished,
    causePath: sfn.JsonPath.stringAt('$.wayBack'),
  });

  const stepGaveUp = new sfn.Pass(scope, 'Note that a step gave up', {
    result: sfn.Result.fromString(WAYS_BACK.failure),
    resultPath: '$.wayBack',
  }).next(rollBack);
  const moreWaves = new sfn.Choice(scope, 'Is there another wave?')
    .when(sfn.Condition.booleanEquals('$.moreWaves', true), deploy)
    .otherwise(complete);

  note.next(plan);
  plan.next(
    new sfn.Choice(scope, 'May the rollout start?')
      .when(is('$.plan.outcome', 'START'), deploy)
      .when(is('$.plan.outcome', 'BUSY'), waitsItsTurn)
      .when(is('$.plan.outcome', 'TAKE_BACK'), rollBack)
      .when(is('$.plan.outcome', 'COMPLETE'), complete)
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
  recordRollBack.next(takenBack);

  const onFailure = (from: readonly sfn.TaskStateBase[], to: sfn.IChainable) => {
    for (const task of from) task.addCatch(to, { errors: [sfn.Errors.ALL], resultPath: '$.error' });
  };
  onFailure([plan, deploy, check, judge], stepGaveUp);
  onFailure([rollBack, checkRollBack, recordRollBack], notTakenBack);
  onFailure([complete], notRecorded);
  return note;
}
