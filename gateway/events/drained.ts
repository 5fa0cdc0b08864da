import type { ServerResponse } from 'node:http';

/** Resolves when more can be written (true), or when the client has gone or took nothing for so long (false). */
export function drained(response: ServerResponse, limitMs: number): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (isWritable: boolean) => {
      clearTimeout(limit);
      response.off('drain', onDrain).off('close', onClose);
      resolve(isWritable);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const limit = setTimeout(onClose, limitMs).unref();
    response.on('drain', onDrain).on('close', onClose);
  });
}
