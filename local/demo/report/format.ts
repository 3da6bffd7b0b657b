/** Figures as people read them. A figure that is not there is a dash, never NaN. */
const NONE = '–';

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined || !Number.isFinite(share) ? NONE : `${(share * 100).toFixed(1)} %`;
}

export function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms` : NONE;
}

export function seconds(value: number): string {
  return value < 90 ? `${value.toFixed(value < 10 ? 1 : 0)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

export function bytes(value: number): string {
  if (value < 1e3) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

export function ratio(value: number): string {
  return Number.isFinite(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ×` : NONE;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Minutes and seconds since the start of the run. */
export function clock(at: number, start: number): string {
  const elapsed = Math.max(0, Math.round((at - start) / 1000));
  return `${Math.floor(elapsed / 60)}:${String(elapsed % 60).padStart(2, '0')}`;
}
