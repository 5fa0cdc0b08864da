import { legacyPath } from './legacy-repos.js';
import { CONFIG_SCHEMA } from './schema.js';
import type { SettingSchema } from './schema-parts.js';
import { fileVariableOf, OTHER_VARIABLES, SETTINGS, type Setting } from './settings.js';

const INTRODUCTION = `<!-- Generated from lib/config/schema.ts by \`make generate\`; do not edit. -->
# Settings

Settings come from one YAML file (\`--config FILE\`, or \`RUNBOAT_CONFIG\`) and from the environment, which wins key by key: a variable takes the place of the whole value of its key, maps and lists included. A variable that is empty counts as not set. \`runboat config check\` reports everything that is wrong, at once.

A \`.env\` file (\`--env-file FILE\`, or \`RUNBOAT_ENV_FILE\`) adds variables to the environment, which wins over it. It is read as python-dotenv reads it: comments, \`export\`, single and double quotes that may span lines, \`\${NAME}\` and \`\${NAME:-default}\` outside of single quotes. In single quotes \`\\\\\` is one backslash, unless the text is JSON only as it stands.

What holds secrets can be in a file of its own, such as one of a mounted Secret: \`NAME_FILE\`, where the table names it, is the file's path. Line ends at its end do not count. A file that is missing, unreadable or empty is an error, and so is giving both \`NAME\` and \`NAME_FILE\`; files with secrets that a process does not need are not read.

- Unknown keys in the file are errors. Unknown variables that begin with \`RUNBOAT_\`, and unknown keys in \`RUNBOAT_REPOS\`, are warnings. What Kubernetes sets for Services called \`runboat\` or \`runboat-...\` (\`RUNBOAT_PORT\`, \`RUNBOAT_SERVICE_HOST\` and so on) is ignored.
- Durations have units, the largest first: \`500ms\`, \`10s\`, \`30m\`, \`1h30m\`, \`72h\`. There is no unit for days.
- In the environment, booleans are true/false, 1/0, yes/no, on/off, t/f or y/n in any case, lists are \`a,b,c\` or JSON, maps are JSON. In the file, booleans are \`true\` and \`false\`.
- Environment variables of builds are text. A number or a boolean in the file is taken as it is written: \`16.0\` is the text 16.0, \`0x1F\` the text 0x1F. A name without a value is an error; an empty text is \`""\`.
- Template variables keep their types. A number that would not look the same again, such as \`16.0\`, is an error: put it in quotes, or write \`16\`.
- Regular expressions are JavaScript's with flag \`u\`. Of Python's spellings, \`\\A\`, \`\\Z\`, \`(?P<name>\` and needless escapes of punctuation are understood; what is refused is an error. Repositories are compared up to 140 characters, branches up to 255; longer ones match no rule.
- A secret that a process does not need is not kept in it: the operator has neither the administrator's password nor the webhook secret, the gateway has no secret environment.

## Changing settings while the processes run

Both processes look at the configuration file, the \`.env\` file and the files of secrets every 5 seconds, so that edits, updated ConfigMaps and Secrets and rotated passwords come into force without a restart. The environment itself is what it was when the process began. What is wrong with a new version is told in one line of the log with all reasons, and the old settings stay in force; \`runboat_config_last_reload_successful\` is 0 then.

- \`namespace\`, \`resourceTypes\` and the ports cannot change in a running process: such a version is refused with \`restart needed\`.
- Limits, timeouts, \`paused\`, credentials, \`api\`, \`footerHtml\`, addresses and \`log.level\` count at once; a lowered \`limits.started\` stops the oldest builds.
- Rules, environment and template variables count for new builds and at the next reset. A build keeps what it was made with, but for secret values that the configuration still gives, which it gets anew at its next start or cleanup.
- A bundle that builds use cannot be dropped.
`;

/** The page `docs/reference/settings.md`, as Markdown. */
export function renderSettingsReference(): string {
  const rule = CONFIG_SCHEMA.properties?.['repos']?.items;
  return [
    INTRODUCTION,
    table(['Key', 'Type', 'Default', 'Environment', 'Description'], SETTINGS.map(settingRow)),
    '## A rule\n\nThe keys of an entry of `repos`, and where `RUNBOAT_REPOS` (a JSON list, with exactly one entry in `builds`) has them. There, `kubefiles_path` is the path of a folder; the bundle is named after its last part, or its last two where the last parts of two folders are equal.\n',
    table(
      ['Key', 'Type', 'In `RUNBOAT_REPOS`', 'Description'],
      Object.entries(rule?.properties ?? {}).map(([name, schema]) => ruleRow(name, schema, rule)),
    ),
    '## Other variables\n',
    table(
      ['Variable', 'Description'],
      OTHER_VARIABLES.map(({ variable, description }) => [code(variable), description]),
    ),
  ].join('\n');
}

function settingRow(setting: Setting): string[] {
  const { key, variable, schema, required } = setting;
  const shownKey = schema.environmentOnly === true ? '(environment only)' : code(key);
  const inverted = schema.inverted === true ? ' (says the opposite)' : '';
  const fileVariable = fileVariableOf(setting);
  const orFile = fileVariable === undefined ? '' : `, or ${code(fileVariable)}`;
  return [
    shownKey,
    typeOf(schema),
    defaultOf(schema, required),
    code(variable) + orFile + inverted,
    descriptionOf(schema),
  ];
}

function ruleRow(name: string, schema: SettingSchema, rule: SettingSchema | undefined): string[] {
  const required = (rule?.required ?? []).includes(name) ? 'Required. ' : '';
  const inVariable = legacyPath(`repos[0].${name}`).replace('RUNBOAT_REPOS[0].', '');
  return [code(name), typeOf(schema), code(inVariable), required + descriptionOf(schema)];
}

function descriptionOf({ description = '', expected, secret }: SettingSchema): string {
  const bounds = expected === undefined ? '' : ` Must be ${expected}.`;
  return `${description}${bounds}${secret === true ? ' Secret.' : ''}`;
}

function typeOf(schema: SettingSchema): string {
  if (schema.duration !== undefined) return 'duration';
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.items?.properties !== undefined) return 'list of rules';
  if (schema.items !== undefined) return `list of ${schema.items.enum?.map(code).join(', ') ?? 'texts'}`;
  if (schema.type === 'object') return 'map';
  return schema.type === 'string' ? 'text' : String(schema.type);
}

function defaultOf({ default: value }: SettingSchema, required: boolean): string {
  if (required) return 'required';
  if (value === undefined) return '';
  return code(typeof value === 'string' && value !== '' ? value : JSON.stringify(value));
}

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function code(text: string): string {
  return `\`${text}\``;
}
