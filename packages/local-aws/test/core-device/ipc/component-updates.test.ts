import { ComponentUpdates } from '../../../core-device/ipc/component-updates';
import { ConfigurationValidation } from '../../../core-device/ipc/configuration-validation';

const never = new AbortController().signal;

describe('[case 16] putting an update off', () => {
  test('nobody subscribed: it goes ahead at once', async () => {
    await expect(new ComponentUpdates().waitForAgreement('d', 60_000, never)).resolves.toBeUndefined();
  });

  test('a component that defers is asked again, and the update goes ahead when it agrees', async () => {
    const updates = new ComponentUpdates();
    const answers = [30, 20, 0];
    const asked: string[] = [];
    updates.subscribe('line', (event) => {
      if (!('preUpdateEvent' in event)) return;
      asked.push(event.preUpdateEvent.deploymentId);
      updates.defer('line', 'd', answers[asked.length - 1]);
    });
    await updates.waitForAgreement('d', 60_000, never);
    expect(asked).toEqual(['d', 'd', 'd']);
  });

  test('silence is agreement once the timeout has passed', async () => {
    const updates = new ComponentUpdates();
    updates.subscribe('silent', () => {});
    await expect(updates.waitForAgreement('d', 20, never)).resolves.toBeUndefined();
  });

  test('a component that goes away while it is asked holds nobody up', async () => {
    const updates = new ComponentUpdates();
    const unsubscribe = updates.subscribe('gone', () => {});
    const agreement = updates.waitForAgreement('d', 60_000, never);
    unsubscribe();
    await expect(agreement).resolves.toBeUndefined();
  });

  test('a cancelled deployment stops asking', async () => {
    const updates = new ComponentUpdates();
    updates.subscribe('line', () => updates.defer('line', 'd', 60_000));
    const cancellation = new AbortController();
    const agreement = updates.waitForAgreement('d', 60_000, cancellation.signal);
    setTimeout(() => cancellation.abort(new Error('cancelled')), 10);
    await expect(agreement).rejects.toThrow('cancelled');
  });

  test('an answer to a deployment that nobody asks about is refused', () => {
    const updates = new ComponentUpdates();
    expect(() => updates.defer('line', 'd', 0)).toThrow('not subscribed');
    updates.subscribe('line', () => {});
    expect(() => updates.defer('line', 'd', 0)).toThrow("no deployment 'd'");
  });
});

describe('validating a configuration', () => {
  test('a component without a validator accepts anything', async () => {
    await expect(new ConfigurationValidation().validate('a', 'd', {}, 1000)).resolves.toBeUndefined();
  });

  test.each([
    ['ACCEPTED', undefined, undefined],
    ['REJECTED', 'too large', 'too large'],
    ['REJECTED', undefined, 'no reason given'],
  ] as const)('%s with the message %s gives %s', async (status, message, expected) => {
    const validation = new ConfigurationValidation();
    validation.subscribe('a', ({ deploymentId }) =>
      validation.report('a', deploymentId, { status, ...(message !== undefined && { message }) }),
    );
    await expect(validation.validate('a', 'd', { limit: 3 }, 1000)).resolves.toBe(expected);
  });

  test('no answer is a rejection, and a late answer is refused', async () => {
    const validation = new ConfigurationValidation();
    validation.subscribe('a', () => {});
    await expect(validation.validate('a', 'd', {}, 10)).resolves.toContain('no answer');
    expect(() => validation.report('a', 'd', { status: 'ACCEPTED' })).toThrow('timed out');
  });
});
