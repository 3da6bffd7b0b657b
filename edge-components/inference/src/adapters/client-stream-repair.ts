/**
 * Keeps aws-crt 1.33.1 from corrupting memory when the connection to the nucleus is lost.
 *
 * A request that is on its way then fails twice: its activation is not flushed, and its stream ends. The native code
 * gives up its own reference for each of them (event_stream.c: `s_napi_on_event_stream_client_stream_activation` and
 * `s_napi_event_stream_on_stream_ended`) where it took only one, which frees the stream below the JavaScript object. To
 * close that object writes into freed memory: with 8 requests under way, a process lived through 100 to 300 losses.
 *
 * So a stream whose activation has failed or is still pending is not closed natively. What that leaves behind is about 1 KB
 * for each request that was on its way when a connection was lost. Without this, test/edge-components/losing-connections.ts
 * ends with a signal or never.
 */
import { eventstream } from 'aws-crt';

/** Of aws-crt, where the enumeration is not exported. */
const ClientStreamState = { Activating: 1, Ended: 3, Closed: 4 } as const;

interface Internals {
  state: number;
}

const closeNatively = eventstream.ClientStream.prototype.close;

eventstream.ClientStream.prototype.close = function close(this: eventstream.ClientStream): void {
  const internals = this as unknown as Internals;
  const { Activating, Ended, Closed } = ClientStreamState;
  if (internals.state === Activating || internals.state === Ended) internals.state = Closed;
  else closeNatively.call(this);
};
