/** Appends a list's index or a key to a path: `repos[0].env.A`, `env["a b"]`. */
export function joinPath(path: string, part: string | number): string {
  if (typeof part === 'number') return `${path}[${part}]`;
  if (!/^[A-Za-z_][\w-]*$/.test(part)) return `${path}[${JSON.stringify(part)}]`;
  return path === '' ? part : `${path}.${part}`;
}

/** The path that a JSON pointer of a validated document means. */
export function pathOfPointer(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.reduce((path, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return joinPath(path, /^\d+$/.test(name) ? Number(name) : name);
  }, '');
}
