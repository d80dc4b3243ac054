import type {
  Chain,
  Elements,
  Key,
  MarkSource,
  NftCommand,
  Rule,
  SetDefinition,
  SetReference,
  Statement,
  TableFamily,
  TableLayout,
  TableName,
  Value,
} from './ruleset.ts';

/** Elements in one `add element` command; nft's parser slows down on very long lists. */
const elementsPerCommand = 4096;

/** The commands in the language of `nft -f`, one a line. */
export function renderCommands(commands: Iterable<NftCommand>): string {
  const lines: string[] = [];
  for (const command of commands) renderCommand(command, lines);
  return `${lines.join('\n')}\n`;
}

function renderCommand(command: NftCommand, lines: string[]): void {
  const table = renderTableName(command.table);
  if ('add' in command) {
    switch (command.add) {
      case 'table':
        lines.push(
          `add table ${table}${renderBlock(command.comment ? [`comment "${command.comment}"`] : [])}`,
        );
        return;
      case 'set':
        lines.push(renderSet(table, command.set));
        return;
      case 'chain':
        lines.push(`add chain ${table} ${command.chain.name}${renderHook(command.chain)}`);
        return;
      case 'rule':
        lines.push(`add rule ${table} ${command.chain} ${renderRule(command.rule, command.table.family)}`);
        return;
      case 'elements': {
        const texts = Array.from(command.elements, ([key, data]) => (data === '' ? key : `${key} : ${data}`));
        pushElements(lines, `add element ${table} ${command.set}`, texts);
        return;
      }
    }
  }
  if ('flush' in command) {
    lines.push(`flush ${command.flush} ${table} ${command.name}`);
  } else if (command.delete === 'elements') {
    pushElements(lines, `delete element ${table} ${command.set}`, [...command.keys]);
  } else {
    lines.push(`delete ${command.delete} ${table}${command.name ? ` ${command.name}` : ''}`);
  }
}

function pushElements(lines: string[], head: string, texts: string[]): void {
  for (let from = 0; from < texts.length; from += elementsPerCommand) {
    lines.push(`${head} { ${texts.slice(from, from + elementsPerCommand).join(', ')} }`);
  }
}

function renderTableName({ family, name }: TableName): string {
  return `${family} ${name}`;
}

function renderBlock(parts: string[]): string {
  return parts.length === 0 ? '' : ` { ${parts.map(part => `${part};`).join(' ')} }`;
}

function renderSet(table: string, set: SetDefinition): string {
  const type = set.key.join(' . ') + (set.data ? ` : ${set.data.join(' . ')}` : '');
  const parts = [`type ${type}`];
  if (set.flags?.length) parts.push(`flags ${set.flags.join(',')}`);
  if (set.size) parts.push(`size ${set.size}`);
  if (set.comment) parts.push(`comment "${set.comment}"`);
  return `add ${set.data ? 'map' : 'set'} ${table} ${set.name}${renderBlock(parts)}`;
}

function renderHook({ hook }: Pick<Chain, 'hook'>): string {
  if (!hook) return '';
  return renderBlock([`type ${hook.type} hook ${hook.hook} priority ${hook.priority}`, 'policy accept']);
}

/** One rule in the nft language, without the command before it. */
export function renderRule(rule: Rule, family: TableFamily): string {
  const text = rule.statements.map(statement => renderStatement(statement, family)).join(' ');
  return rule.comment ? `${text} comment "${rule.comment}"` : text;
}

const renderKey = (key: Key) => key.join(' . ');
const hex = (value: number) => `0x${value.toString(16)}`;

function renderStatement(statement: Statement, family: TableFamily): string {
  if ('match' in statement) {
    return `${renderKey(statement.match)}${statement.not ? ' !=' : ''} ${renderValue(statement.value)}`;
  }
  if ('markBits' in statement) {
    return `meta mark & ${hex(statement.markBits)} ${statement.set ? '!=' : '=='} 0x0`;
  }
  if ('verdicts' in statement) return `${renderKey(statement.lookup)} vmap @${statement.verdicts}`;
  if ('setMark' in statement) return `meta mark set ${renderMarkSource(statement.setMark)}`;
  if ('setFlowMark' in statement) return `ct mark set ${renderMarkSource(statement.setFlowMark)}`;
  if ('dnat' in statement) {
    // A table of both families says it by the fields it looks up.
    const ip6 = family === 'ip6' || statement.dnat.some(field => field.startsWith('ip6'));
    return `dnat ${ip6 ? 'ip6' : 'ip'} to ${renderKey(statement.dnat)} map @${statement.map}`;
  }
  if ('update' in statement) {
    const { update, key, data, timeoutSeconds } = statement;
    return `update @${update} { ${renderKey(key)} timeout ${timeoutSeconds}s : ${data} }`;
  }
  if ('masquerade' in statement) return `masquerade${statement.fullyRandom ? ' fully-random' : ''}`;
  // Without a reason nft sends the family's port-unreachable.
  if ('reject' in statement) return statement.reject === 'tcp reset' ? 'reject with tcp reset' : 'reject';
  return 'chain' in statement ? `${statement.verdict} ${statement.chain}` : statement.verdict;
}

function renderValue(value: Value | readonly Value[] | SetReference): string {
  if (typeof value === 'string') return value;
  return 'set' in value ? `@${value.set}` : `{ ${value.join(', ')} }`;
}

function renderMarkSource(source: MarkSource): string {
  if ('random' in source) {
    return `numgen random mod ${source.random}${source.offset ? ` offset ${source.offset}` : ''}`;
  }
  if ('hash' in source) {
    const offset = source.offset ? ` offset ${source.offset}` : '';
    return `jhash ${renderKey(source.hash)} mod ${source.modulus} seed 0x1${offset}`;
  }
  return 'map' in source ? `${renderKey(source.lookup)} map @${source.map}` : hex(source.value);
}

/** The commands that make a table anew, whatever stood under its name, with these elements. */
export function replaceTable(layout: TableLayout, elements: Elements): NftCommand[] {
  const table = { family: layout.family, name: layout.name };
  return [
    // Adding first makes deleting safe where there was none.
    { add: 'table', table },
    { delete: 'table', table },
    ...createTable(layout, elements),
  ];
}

function createTable(layout: TableLayout, elements: Elements): NftCommand[] {
  const table = { family: layout.family, name: layout.name };
  const commands: NftCommand[] = [{ add: 'table', table }];
  // Chains before the sets whose verdicts name them, rules after both.
  for (const chain of layout.chains) commands.push({ add: 'chain', table, chain });
  for (const set of layout.sets) commands.push({ add: 'set', table, set });
  for (const chain of layout.chains) {
    for (const rule of chain.rules) commands.push({ add: 'rule', table, chain: chain.name, rule });
  }
  for (const [set, entries] of elements) {
    if (entries.size > 0) commands.push({ add: 'elements', table, set, elements: entries });
  }
  return commands;
}

/** A table as sorted text, for people and for golden tests. */
export function describeTable(layout: TableLayout, elements: Elements): string {
  const lines = [`table ${layout.family} ${layout.name}`];
  for (const chain of layout.chains) {
    lines.push(`  chain ${chain.name}${renderHook(chain)}`);
    for (const rule of chain.rules) lines.push(`    ${renderRule(rule, layout.family)}`);
  }
  for (const set of layout.sets) {
    const entries = [...(elements.get(set.name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    lines.push(`  ${set.data ? 'map' : 'set'} ${set.name}`);
    for (const [key, data] of entries) lines.push(`    ${data === '' ? key : `${key} : ${data}`}`);
  }
  return `${lines.join('\n')}\n`;
}
