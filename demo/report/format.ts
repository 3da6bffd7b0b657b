/** Figures as people read them. A figure that is not there is a dash, never NaN. */
const NONE = '–';

type Figure = number | null | undefined;

function isThere(value: Figure): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function percent(share: Figure): string {
  return isThere(share) ? `${(share * 100).toFixed(1)} %` : NONE;
}

export function milliseconds(value: Figure): string {
  if (!isThere(value)) return NONE;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

export function seconds(value: Figure): string {
  if (!isThere(value)) return NONE;
  if (value > 0 && value < 0.05) return '< 0.1 s';
  if (value < 90) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function bytes(value: Figure): string {
  if (!isThere(value)) return NONE;
  if (value < 1e3) return `${Math.round(value)} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

export function ratio(value: Figure): string {
  return isThere(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} times` : NONE;
}

export function count(value: Figure): string {
  return isThere(value) ? Math.round(value).toLocaleString('en-US') : NONE;
}

/** 1 device, 2 devices. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const LETTERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** The same for running text: one device, two devices, 12 devices. */
export function countedInWords(value: number, one: string, many = `${one}s`): string {
  return `${LETTERS[value] ?? count(value)} ${value === 1 ? one : many}`;
}

/** Minutes and seconds since the start of the run. */
export function clock(at: number, start: number): string {
  const elapsed = Math.max(0, Math.round((at - start) / 1000));
  return Number.isFinite(elapsed)
    ? `${Math.floor(elapsed / 60)}:${String(elapsed % 60).padStart(2, '0')}`
    : NONE;
}

/** Keeps a number and its unit on one line. */
export function unbroken(value: string): string {
  return value.replaceAll(/(\d) (?=%|ms|s|min|B|kB|MB|GB)/g, '$1\u00a0');
}

/** Prices of single things are fractions of a cent. */
export function usd(value: Figure): string {
  return isThere(value) ? `${value === 0 ? '0' : value.toPrecision(2)} USD` : NONE;
}
