import fc from 'fast-check';
import { assessDevices, type DeviceView } from '../../../lambda/rollout/check-wave/assess-devices';

const RELEASE = 'surface-2';
const ready = (deviceId: string): DeviceView => ({
  deviceId,
  deployment: { status: 'SUCCEEDED' },
  inventory: { releaseId: RELEASE },
});
const assess = (devices: readonly DeviceView[], timedOut = false, quorum = 0.9) =>
  assessDevices(devices, RELEASE, { timedOut, timeoutSeconds: 180, quorum });

describe('the devices of a wave', () => {
  test.each<[string, DeviceView[], string, string]>([
    ['all on the release', [ready('a'), ready('b')], 'READY', ''],
    [
      'one that finished a deployment to a single thing',
      [{ ...ready('a'), deployment: { status: 'COMPLETED' } }],
      'READY',
      '',
    ],
    ['one offline', [ready('a'), { deviceId: 'b' }], 'PENDING', 'b has not answered the deployment.'],
    [
      'one at work',
      [{ ...ready('a'), deployment: { status: 'IN_PROGRESS' } }],
      'PENDING',
      'a is IN_PROGRESS.',
    ],
    [
      'one that still reports the old release',
      [{ ...ready('a'), inventory: { releaseId: 'surface-1' } }],
      'PENDING',
      'a reports surface-1, not surface-2.',
    ],
    [
      'one that has reported nothing',
      [{ deviceId: 'a', deployment: { status: 'SUCCEEDED' } }],
      'PENDING',
      'a reports no release',
    ],
    [
      'one that failed',
      [ready('a'), { deviceId: 'b', deployment: { status: 'FAILED', reason: 'FAILED_ROLLBACK_COMPLETE' } }],
      'FAILED',
      'b reports FAILED for the deployment: FAILED_ROLLBACK_COMPLETE.',
    ],
    [
      'one that rejected it',
      [{ deviceId: 'a', deployment: { status: 'REJECTED' } }],
      'FAILED',
      'a reports REJECTED',
    ],
    [
      'one whose job was cancelled',
      [{ deviceId: 'a', deployment: { status: 'CANCELED' } }],
      'FAILED',
      'a reports CANCELED',
    ],
    [
      'one that refused the release, before Greengrass says so',
      [
        {
          deviceId: 'a',
          deployment: { status: 'IN_PROGRESS' },
          inventory: {
            refusedReleases: [
              { releaseDigest: 'd', releaseId: RELEASE, code: 'SIGNATURE_INVALID', at: 'now' },
            ],
          },
        },
      ],
      'FAILED',
      'a refused the release: SIGNATURE_INVALID.',
    ],
    [
      'one that refused another release',
      [
        {
          ...ready('a'),
          inventory: {
            releaseId: RELEASE,
            refusedReleases: [{ releaseDigest: 'd', releaseId: 'surface-1', code: 'EXPIRED', at: 'now' }],
          },
        },
      ],
      'READY',
      '',
    ],
  ])('%s', (_, devices, status, reason) => {
    const check = assess(devices);
    expect(check.status).toBe(status);
    expect(check.reasons.join(' ')).toContain(reason);
    expect(check.devices).toBe(devices.length);
  });

  test('the time over, those who did not answer are named', () => {
    expect(assess([ready('a'), { deviceId: 'b' }], true)).toEqual({
      status: 'FAILED',
      reasons: [
        '1 of 2 devices did not run surface-2 within 180 s; 2 have to.',
        'b has not answered the deployment.',
      ],
      devices: 2,
      ready: 1,
      absence: { devices: ['b'], enough: 1 },
    });
  });

  test('the time over, a wave that is ready is ready', () => {
    expect(assess([ready('a')], true).status).toBe('READY');
  });

  test('of a thousand, ten are named', () => {
    const { reasons } = assess(Array.from({ length: 1000 }, (_, index) => ({ deviceId: `device-${index}` })));
    expect(reasons).toHaveLength(11);
    expect(reasons.at(-1)).toBe('And 990 more.');
  });

  describe('case 51', () => {
    const fleet = (count: number, last: DeviceView): DeviceView[] => [
      ...Array.from({ length: count - 1 }, (_, index) => ready(`device-${index}`)),
      last,
    ];
    const refusing = (code: string, releaseId?: string): DeviceView => ({
      deviceId: 'last',
      deployment: { status: 'SUCCEEDED' },
      inventory: {
        ...(releaseId && { releaseId }),
        refusedReleases: [{ releaseDigest: 'd', releaseId: RELEASE, code, at: 'now' }],
      },
    });

    test('one of a thousand is off: waited for until its time is over, then set aside by name', () => {
      const devices = fleet(1000, { deviceId: 'last' });
      expect(assess(devices)).toMatchObject({ status: 'PENDING', ready: 999 });
      expect(assess(devices, true)).toEqual({
        status: 'READY',
        reasons: ['last has not answered the deployment.'],
        devices: 1000,
        ready: 999,
        setAside: ['last'],
      });
    });

    test('one of a thousand can never: nobody waits for it', () => {
      const failed = { deviceId: 'last', deployment: { status: 'FAILED' } };
      expect(assess(fleet(1000, failed))).toMatchObject({ status: 'READY', setAside: ['last'] });
    });

    test('the last word counts: CLOCK_UNKNOWN, then accepted', () => {
      expect(assess([refusing('CLOCK_UNKNOWN', RELEASE)])).toMatchObject({ status: 'READY', ready: 1 });
    });

    test('a clock that is not right yet is waited for; a signature never becomes right', () => {
      expect(assess([refusing('CLOCK_UNKNOWN')])).toMatchObject({ status: 'PENDING' });
      expect(assess([refusing('SIGNATURE_INVALID')])).toMatchObject({ status: 'FAILED' });
    });

    test.each([
      [10, 1, 'READY'],
      [10, 2, 'FAILED'],
      [9, 1, 'FAILED'],
    ])('of %i devices %i away, with a quorum of 0.9: %s', (count, away, status) => {
      const devices = Array.from({ length: count }, (_, index) =>
        index < away ? { deviceId: `away-${index}` } : ready(`device-${index}`),
      );
      expect(assess(devices, true).status).toBe(status);
    });

    test.each<[string, DeviceView[], object | undefined]>([
      ['one that never answered', [ready('a'), { deviceId: 'b' }], { devices: ['b'], enough: 1 }],
      [
        'one whose job nobody has taken',
        [ready('a'), { deviceId: 'b', deployment: { status: 'QUEUED' } }],
        { devices: ['b'], enough: 1 },
      ],
      // It had the release in its hands.
      ['one that began', [ready('a'), { deviceId: 'b', deployment: { status: 'IN_PROGRESS' } }], undefined],
      [
        'one that never answered, and one that began',
        [ready('a'), { deviceId: 'b' }, { deviceId: 'c', deployment: { status: 'IN_PROGRESS' } }],
        undefined,
      ],
      ['one without a clock', [ready('a'), refusing('CLOCK_UNKNOWN')], undefined],
      ['one that refused', [ready('a'), refusing('SIGNATURE_INVALID')], undefined],
      [
        'three of ten, of whom two suffice',
        [...fleet(8, { deviceId: 'one' }), { deviceId: 'two' }, { deviceId: 'three' }],
        { devices: ['one', 'two', 'three'], enough: 2 },
      ],
      [
        'one of ten beside one that failed, as one of ten may',
        [...fleet(9, { deviceId: 'away' }), { deviceId: 'bad', deployment: { status: 'FAILED' } }],
        { devices: ['away'], enough: 1 },
      ],
    ])('whether silence alone is in the way: %s', (_, devices, absence) => {
      const check = assess(devices, true);
      expect(check.status).toBe('FAILED');
      expect(check.absence).toEqual(absence);
    });

    test('of a thousand silent devices a hundred are looked for', () => {
      const devices = Array.from({ length: 1000 }, (_, index) => ({ deviceId: `device-${index}` }));
      const { absence } = assess(devices, true);
      expect(absence?.devices).toHaveLength(100);
      expect(absence?.enough).toBe(100);
    });

    test('whatever devices say, a wave goes on only with its quorum', () => {
      const view = fc.constantFrom<DeviceView>(
        ready('a'),
        { deviceId: 'b' },
        { deviceId: 'c', deployment: { status: 'FAILED' } },
        refusing('CLOCK_UNKNOWN'),
      );
      fc.assert(
        fc.property(
          fc.array(view, { minLength: 1, maxLength: 30 }),
          fc.boolean(),
          fc.double({ min: 0.01, max: 1, noNaN: true }),
          (devices, timedOut, quorum) => {
            const check = assess(devices, timedOut, quorum);
            if (timedOut) expect(check.status).not.toBe('PENDING');
            if (check.absence) {
              const silent = devices.filter(({ deployment, inventory }) => !deployment && !inventory).length;
              expect(check.status).toBe('FAILED');
              expect(check.ready + silent).toBeGreaterThanOrEqual(quorum * devices.length - 1e-9);
              expect(check.absence.enough).toBeGreaterThan(0);
            }
            if (check.status === 'READY') {
              expect(check.ready).toBeGreaterThanOrEqual(quorum * devices.length - 1e-9);
              expect(check.ready + (check.setAside?.length ?? 0)).toBe(devices.length);
            }
          },
        ),
      );
    });
  });
});
