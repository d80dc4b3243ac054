import { Argument, type Command } from 'commander';
import { examples } from './context.ts';

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', examples('source <(causeway completion bash)', 'causeway completion fish | source'))
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      const tree = commandTree(program);
      process.stdout.write({ bash: bashScript, zsh: zshScript, fish: fishScript }[shell](tree));
    });
}

/** The words that may follow each command path: `''` → all commands, `'node'` → its own, and their flags. */
export type CommandTree = Map<string, string[]>;

export function commandTree(program: Command): CommandTree {
  const tree: CommandTree = new Map();
  const visit = (command: Command, path: string[]) => {
    const flags = command.options.flatMap(option => (option.long ? [option.long] : []));
    tree.set(path.join(' '), [...command.commands.map(child => child.name()), ...flags, '--help']);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return tree;
}

function bashScript(tree: CommandTree): string {
  const cases = [...tree].map(([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`);
  return `_causeway() {
  local path="" word words cur="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _causeway causeway ./causeway
`;
}

function zshScript(tree: CommandTree): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bashScript(tree)}`;
}

function fishScript(tree: CommandTree): string {
  const lines: string[] = [];
  for (const [path, words] of tree) {
    const parents = path.split(' ').filter(Boolean);
    const children = words.filter(word => !word.startsWith('-'));
    const condition =
      parents.length === 0 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${parents.at(-1)}`;
    if (children.length > 0)
      lines.push(`complete -c causeway -f -n '${condition}' -a '${children.join(' ')}'`);
    for (const flag of words.filter(word => word.startsWith('--'))) {
      lines.push(`complete -c causeway -n '${condition}' -l ${flag.slice(2)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
