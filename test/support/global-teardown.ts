import type { ChildProcess } from 'node:child_process';

/** After all integration tests: ends the cluster that global-setup.ts started, and waits for its end. */
// biome-ignore lint/style/noDefaultExport: Jest reads the default export.
export default async function globalTeardown(): Promise<void> {
  const holder = (globalThis as { runboatTestCluster?: ChildProcess }).runboatTestCluster;
  if (holder === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  holder.stdin?.end();
  await ended;
}
