import { describe, expect, it } from '@jest/globals';
import { configurationOf, find, type Rendered, render } from './helm-support.js';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
}

const folder = '/etc/runboat/bundles';

/** The bundles as a pod of the deployment sees them: path and text of each file. */
function filesSeenBy(objects: readonly Rendered[], deployment: string): Record<string, string> {
  const { spec } = find(objects, 'Deployment', deployment)['spec'].template;
  const volumes = spec.volumes as { name: string; configMap?: { name: string } }[];
  expect(new Set(volumes.map(({ name }) => name)).size).toBe(volumes.length);
  const mounts = spec.containers[0].volumeMounts as Mount[];
  const files = mounts.filter(({ mountPath }) => mountPath.startsWith(`${folder}/`));
  return Object.fromEntries(
    files.map(({ name, mountPath, subPath }) => {
      const configMap = volumes.find((volume) => volume.name === name)?.configMap?.name;
      const text = find(objects, 'ConfigMap', configMap as string)['data'][subPath as string];
      return [mountPath.slice(folder.length + 1), text];
    }),
  );
}

const long = 'x'.repeat(45);

describe('bundles of the chart', () => {
  it.each(['runboat-operator', 'runboat-gateway'])(
    'are seen by %s file by file, whatever their names have in common',
    async (deployment) => {
      const bundles = {
        'my-odoo': { 'a/b': '1', a__b: '2', 'a_/b': '3', 'a/_b': '4', '__init__.py': '5' },
        My_odoo: { a: '6' },
        'my.odoo': { a: '7' },
        'Ends-_': { a: '8' },
        [`${long}1`]: { a: '9' },
        [`${long}2`]: { a: '10' },
        '12': { '1.10': '11', true: '12' },
      };
      const objects = await render({ bundles });
      const expected = Object.entries(bundles).flatMap(([name, files]) =>
        Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]),
      );
      expect(filesSeenBy(objects, deployment)).toMatchObject(Object.fromEntries(expected));
      const names = Object.keys(configurationOf(objects)['bundles'] as object);
      expect(names.sort()).toEqual([...Object.keys(bundles), 'installation-check'].sort());
    },
  );

  it('with plain names have objects of that name, of one release as of the next', async () => {
    const objects = await render({ bundles: { 'my-odoo': { 'kustomization.yaml.hbs': '', 'a/b.sh': '' } } });
    const { data } = find(objects, 'ConfigMap', 'runboat-bundle-my-odoo');
    expect(Object.keys(data)).toEqual(['a__b.sh', 'kustomization.yaml.hbs']);
  });
});
