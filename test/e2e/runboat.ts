import { namespace } from '../cluster/node/world.js';
import { secret } from '../support/deliveries.js';
import { basic, startGateway } from '../support/gateway-process.js';
import { startOperator } from '../support/operator-process.js';

/** A runboat that was installed in one way or another. */
export interface Runboat {
  /** Of the API and pages, as this machine reaches it. */
  readonly url: string;
  readonly admin: { authorization: string };
  /** Kills the operator in the middle of whatever it does, and sees to it that another one starts. */
  killOperator(): Promise<void>;
  /** The last lines of both logs. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

/** Runs both processes of this checkout on the machine itself. */
export async function runProcesses(config: Record<string, unknown>): Promise<Runboat> {
  const settings = { ...config, github: { commitStatuses: false, webhookSecret: secret } };
  let operator = await startOperator({ namespace, config: settings });
  const gateway = await startGateway({ namespace, config: settings });
  return {
    url: gateway.address,
    admin: { authorization: basic() },
    async killOperator() {
      await operator.kill();
      operator = await startOperator({ namespace, config: settings, waitReady: false });
    },
    logs: async () => [...operator.lines.slice(-30), ...gateway.lines.slice(-30)].join('\n'),
    async stop() {
      await Promise.all([operator.stop(), gateway.stop()]);
    },
  };
}
