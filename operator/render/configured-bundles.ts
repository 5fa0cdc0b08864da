import type { Config } from '../../lib/config/types.js';
import type { ConfiguredBundle } from './check-bundles.js';

/** Each bundle of the configuration with the template variables that each rule which uses it gives. */
export function configuredBundles(config: Config): ConfiguredBundle[] {
  return Object.entries(config.bundles).map(([name, folder]) => {
    const rules = config.repos.filter((rule) => (rule.kubefiles ?? config.defaultBundle) === name);
    const templateVars = rules.map((rule) => ({ ...config.templateVars, ...rule.templateVars }));
    return { name, folder, templateVars: templateVars.length > 0 ? templateVars : [config.templateVars] };
  });
}
