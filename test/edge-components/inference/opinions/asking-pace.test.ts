import fc from 'fast-check';
import { AskingPace } from '../../../../edge-components/inference/src/opinions/asking-pace';

const PACE = { questionsPerMinute: 6, maximumInFlight: 2 };

test('[S10] so many questions wait at a time, and the next one may go when one has ended', () => {
  const pace = new AskingPace();
  expect([pace.take(0, PACE), pace.take(0, PACE), pace.take(0, PACE)]).toEqual([
    undefined,
    undefined,
    'busy',
  ]);
  pace.ended(10, true);
  expect(pace.take(10, PACE)).toBeUndefined();
});

test('[S10] so many questions a minute: a flood of frames for review is not asked about', () => {
  const pace = new AskingPace();
  const asked = Array.from({ length: 600 }, (_, index) => {
    const obstacle = pace.take(index * 100, PACE);
    if (obstacle === undefined) pace.ended(index * 100, true);
    return obstacle;
  }).filter((obstacle) => obstacle === undefined);
  // Those of a minute at once, and those of the minute that has passed.
  expect(asked).toHaveLength(11);
});

test('[S10] the cloud is not asked while it has said that it would refuse', () => {
  const pace = new AskingPace();
  pace.take(0, PACE);
  pace.ended(100, true, 60);
  expect(pace.take(60_099, PACE)).toBe('paused');
  expect(pace.take(60_100, PACE)).toBeUndefined();
});

test('[S10] who does not answer is asked less and less, and as before once it does', () => {
  const pace = new AskingPace();
  let now = 0;
  const pauses: number[] = [];
  for (let question = 0; question < 12; question++) {
    const before = now;
    while (pace.take(now, PACE) !== undefined) now += 1_000;
    pauses.push(Math.round((now - before) / 1_000));
    pace.ended(now, false);
  }
  expect(pauses).toEqual([0, 0, 0, 30, 60, 120, 240, 480, 600, 600, 600, 600]);
  while (pace.take(now, PACE) !== undefined) now += 1_000;
  pace.ended(now, true);
  expect(pace.take(now, PACE)).toBeUndefined();
});

test('[S10] never more at a time, never more in a minute than twice the limit, whatever happens', () => {
  const step = fc.record({ after: fc.nat(20_000), heard: fc.boolean(), pause: fc.nat(30), ends: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const pace = new AskingPace();
      const asked: number[] = [];
      let now = 0;
      let underWay = 0;
      for (const { after, heard, pause, ends } of steps) {
        now += after;
        for (let end = 0; end < ends && underWay > 0; end++, underWay--) pace.ended(now, heard, pause);
        if (pace.take(now, PACE) !== undefined) continue;
        asked.push(now);
        underWay++;
        expect(underWay).toBeLessThanOrEqual(PACE.maximumInFlight);
        expect(asked.filter((time) => time > now - 60_000).length).toBeLessThanOrEqual(12);
      }
    }),
  );
});
