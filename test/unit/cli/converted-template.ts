import { renderTexts } from '../../../operator/render/render-texts.js';
import { TOKEN_PREFIX } from '../../../operator/render/tokens.js';
import type { Mode, RenderInput } from '../../../operator/render/types.js';
import { bundleOf } from '../render/support.js';

/** What a Handlebars template renders for a build, with the values in it. Rejects with BundleInvalid. */
export async function rendered(template: string, input: RenderInput, mode: Mode): Promise<string> {
  const bundle = await bundleOf({ 'kustomization.yaml.hbs': template });
  const { texts, leaves } = renderTexts(bundle, mode, input);
  const text = texts.get('kustomization.yaml') ?? '';
  return text.replace(new RegExp(`${TOKEN_PREFIX}(\\d+)z`, 'g'), (_, index: string) => {
    return leaves[Number(index)]?.value ?? 'no such token';
  });
}
