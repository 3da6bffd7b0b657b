/** A service of the local AWS that runs inside this process and can be stopped. */
export interface RunningService {
  /** Base URL, e.g. `http://127.0.0.1:43121`. */
  readonly url: string;
  /** Stops the service and everything it started; resolves when nothing of it is left. */
  stop(): Promise<void>;
}
