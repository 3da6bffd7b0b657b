import fc from 'fast-check';
import { DecisionDisplay } from '../../../../edge-components/inference/src/decisions/decision-display';
import {
  type DecisionRegisters,
  DISPOSITION_VALUES,
  NO_DECISION,
} from '../../../../edge-components/inference/src/decisions/decision-registers';

const HOLD = 300;
const { pass, none } = DISPOSITION_VALUES;
const passing = (count: number): DecisionRegisters => ({ ...NO_DECISION, disposition: pass, count, code: 1 });

/** Writes whatever is due at `now`; answers the dispositions and counts that the controller got. */
function writeAll(display: DecisionDisplay, now: number): [disposition: number, count: number][] {
  const written: [number, number][] = [];
  for (let next = display.next(now); next; next = display.next(now)) {
    display.written(now);
    written.push([next.disposition, next.count]);
  }
  return written;
}

function connectedDisplay(): DecisionDisplay {
  const display = new DecisionDisplay(HOLD);
  display.connected();
  writeAll(display, 0);
  return display;
}

test('[B13] the first thing that a controller hears is that nothing is decided', () => {
  const display = new DecisionDisplay(HOLD);
  display.connected();
  expect(writeAll(display, 0)).toEqual([[none, 0]]);
});

test('[B13] an answer stands for as long as its part, then it is taken back; the beat goes on', () => {
  const display = connectedDisplay();
  display.decide(passing(1), 10);
  expect(writeAll(display, 10)).toEqual([[pass, 1]]);
  expect(display.wait(10)).toBe(HOLD);
  expect(writeAll(display, 10 + HOLD - 1)).toEqual([]);
  expect(writeAll(display, 10 + HOLD)).toEqual([[none, 1]]);
  expect(display.wait(10 + HOLD)).toBe(1_000);
  expect(writeAll(display, 10 + HOLD + 1_000)).toEqual([[none, 1]]);
});

test('a beat does not end an answer that stands for longer', () => {
  const display = new DecisionDisplay(5_000);
  display.connected();
  display.decide(passing(1), 0);
  expect(writeAll(display, 0)).toEqual([[pass, 1]]);
  expect(writeAll(display, 1_000)).toEqual([[pass, 1]]);
  expect(writeAll(display, 5_000)).toEqual([[none, 1]]);
});

test('[B13] after a new connection the answer of before is taken back, though its time is not over', () => {
  const display = connectedDisplay();
  display.decide(passing(1), 10);
  writeAll(display, 10);
  display.connected();
  expect(writeAll(display, 20)).toEqual([[none, 1]]);
  expect(writeAll(display, 30)).toEqual([]);
});

test('[B13] a decision that is late is not written', () => {
  const display = connectedDisplay();
  display.decide(passing(1), 0);
  expect(writeAll(display, 1_001)).toEqual([[none, 0]]);
  expect(display.counts).toEqual({ written: 0, superseded: 0, expired: 1 });
});

test('a decision whose write failed is tried again, unless a newer one has come', () => {
  const display = connectedDisplay();
  display.decide(passing(1), 0);
  display.next(0);
  display.failed();
  display.connected();
  expect(writeAll(display, 5)).toEqual([[pass, 1]]);
  display.decide(passing(2), 6);
  display.next(6);
  display.decide(passing(3), 7);
  display.failed();
  expect(writeAll(display, 8)).toEqual([[pass, 3]]);
  expect(display.counts).toEqual({ written: 2, superseded: 1, expired: 0 });
});

test('[B13] the end takes the last answer back, after it could be seen', () => {
  const display = connectedDisplay();
  display.decide(passing(1), 10);
  display.close();
  expect(display.isDone).toBe(false);
  expect(writeAll(display, 10)).toEqual([[pass, 1]]);
  expect(writeAll(display, 109)).toEqual([]);
  expect(display.isDone).toBe(false);
  expect(writeAll(display, 110)).toEqual([[none, 1]]);
  expect(display.isDone).toBe(true);
});

const { reject, review } = DISPOSITION_VALUES;
const told = (count: number, disposition: number): DecisionRegisters => ({ ...passing(count), disposition });

describe('[S10] another answer about the part that was decided last', () => {
  test('takes the place of the first one while that waits', () => {
    const display = connectedDisplay();
    display.decide(told(1, review), 0);
    expect(display.revise(told(1, reject), 5)).toBe(true);
    expect(writeAll(display, 10)).toEqual([[reject, 1]]);
    expect(display.counts).toEqual({ written: 1, superseded: 0, expired: 0 });
  });

  test('follows it while the part is shown, and not for longer than the part is there', () => {
    const display = connectedDisplay();
    display.decide(told(1, review), 0);
    expect(writeAll(display, 0)).toEqual([[review, 1]]);
    expect(display.revise(told(1, reject), 200)).toBe(true);
    expect(writeAll(display, 200)).toEqual([[reject, 1]]);
    expect(writeAll(display, HOLD)).toEqual([[none, 1]]);
    expect(display.counts).toEqual({ written: 1, superseded: 0, expired: 0 });
  });

  test('comes too late when the part has gone, and is not written when it goes meanwhile', () => {
    const display = connectedDisplay();
    expect(display.revise(told(1, reject), 0)).toBe(false);
    display.decide(told(1, review), 0);
    writeAll(display, 0);
    expect(display.revise(told(1, reject), HOLD)).toBe(false);
    expect(display.revise(told(1, reject), HOLD - 1)).toBe(true);
    expect(writeAll(display, HOLD)).toEqual([[none, 1]]);
  });

  test('after a new connection the part is nobody’s any more', () => {
    const display = connectedDisplay();
    display.decide(told(1, review), 0);
    writeAll(display, 0);
    display.connected();
    expect(display.revise(told(1, reject), 10)).toBe(false);
  });

  test('while the first one is being written it follows, or takes its place when that fails', () => {
    for (const fails of [false, true]) {
      const display = connectedDisplay();
      display.decide(told(1, review), 0);
      display.next(0);
      expect(display.revise(told(1, reject), 1)).toBe(true);
      if (fails) display.failed();
      else display.written(2);
      expect(writeAll(display, 3)).toEqual([[reject, 1]]);
      expect(display.counts).toEqual({ written: 1, superseded: 0, expired: 0 });
    }
  });

  test('gives way to the next part', () => {
    const display = connectedDisplay();
    display.decide(told(1, review), 0);
    writeAll(display, 0);
    display.revise(told(1, reject), 5);
    display.decide(passing(2), 6);
    expect(writeAll(display, 7)).toEqual([[pass, 2]]);
    expect(display.counts).toEqual({ written: 2, superseded: 0, expired: 0 });
  });
});

type Step = {
  readonly do: 'decide' | 'revise' | 'connect' | 'write' | 'fail' | 'wait';
  readonly milliseconds: number;
};

test('[B13] whatever comes, a controller that is written to sees no answer older than its part may be', () => {
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom('decide', 'revise', 'connect', 'write', 'fail', 'wait'),
      milliseconds: fc.integer({ min: 0, max: 700 }),
    }),
  );
  fc.assert(
    fc.property(steps, (list: readonly Step[]) => {
      const display = new DecisionDisplay(HOLD);
      const decidedAt = new Map<number, number>();
      let now = 0;
      let register: DecisionRegisters | undefined;
      for (const step of list) {
        now += step.milliseconds;
        if (step.do === 'decide') {
          decidedAt.set(decidedAt.size + 1, now);
          display.decide(passing(decidedAt.size), now);
        } else if (step.do === 'revise') {
          display.revise(passing(decidedAt.size), now);
        } else if (step.do === 'connect') {
          display.failed();
          display.connected();
        } else if (step.do === 'fail') {
          display.next(now);
          display.failed();
        } else if (step.do === 'write') {
          for (let next = display.next(now); next; next = display.next(now)) {
            register = next;
            display.written(now);
          }
          const since = decidedAt.get(register?.count ?? 0) ?? Number.NEGATIVE_INFINITY;
          if (register?.disposition === pass) expect(now - since).toBeLessThanOrEqual(1_000 + HOLD);
        }
      }
      const { written, superseded, expired } = display.counts;
      expect(written + superseded + expired).toBeLessThanOrEqual(decidedAt.size);
      expect(written + superseded + expired).toBeGreaterThanOrEqual(decidedAt.size - 1);
    }),
  );
});
