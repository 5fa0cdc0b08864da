/** User and system time of a process of runboat, as it measures it itself; asking costs it a few milliseconds. */
export async function measuredCpuSeconds(metricsAddress: string): Promise<number> {
  const text = await (await fetch(`${metricsAddress}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}
