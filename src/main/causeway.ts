import { Command, CommanderError } from 'commander';
import { errorChain } from '../base/log.ts';
import { examples } from './commands/context.ts';
import { CommandExit, UsageFailure } from './failure.ts';
import { version } from './version.ts';

/** Adds some commands to the program. */
type Add = (program: Command) => void;

/** Where the commands are, in the order in which help lists them, by their names. */
const commands: readonly [names: readonly string[], load: () => Promise<Add>][] = [
  [['up'], async () => (await import('./commands/up.ts')).addUpCommand],
  [['down', 'delete'], async () => (await import('./commands/down.ts')).addDownCommands],
  [['status'], async () => (await import('./commands/status.ts')).addStatusCommand],
  [['exec', 'k', 'shell'], async () => (await import('./commands/exec.ts')).addExecCommands],
  [['node'], async () => (await import('./commands/node.ts')).addNodeCommands],
  [['image'], async () => (await import('./commands/image.ts')).addImageCommands],
  [['backup', 'restore'], async () => (await import('./commands/backup.ts')).addBackupCommands],
  [['logs'], async () => (await import('./commands/logs.ts')).addLogsCommand],
  [['events'], async () => (await import('./commands/events.ts')).addEventsCommand],
  [['doctor'], async () => (await import('./commands/doctor.ts')).addDoctorCommand],
  [['guide'], async () => (await import('./commands/guide.ts')).addGuideCommand],
  [['completion'], async () => (await import('./commands/completion.ts')).addCompletionCommand],
];

/** Those whose output tells of the others. */
const needsAll = ['completion', 'help'];

/** What has to be loaded for these words: their command, and nothing of the others. */
function neededFor([first = '']: readonly string[]): typeof commands {
  const found = needsAll.includes(first) ? [] : commands.filter(([names]) => names.includes(first));
  return found.length > 0 ? found : commands;
}

/** The command line. Exit codes: 0 done, 1 the system failed, 2 the user's words are off. */
async function buildProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('causeway')
    .description('A real, Kubernetes-compatible cluster for this Linux machine.')
    .version(version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .addHelpText(
      'after',
      examples('sudo causeway up', 'causeway exec -- kubectl get nodes', 'sudo causeway delete'),
    );
  const added = await Promise.all(neededFor(words).map(([, load]) => load()));
  for (const add of added) add(program);
  return exitByThrowing(program);
}

/** commander's words in the form of all our errors: one line that ends with the remedy. */
function usageLine(text: string): string {
  const [what, ...hints] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const hint = hints.map(line => ` ${line.replace('(Did', '(did')}`).join('');
  return `causeway: ${what}${hint}: add --help for what is possible\n`;
}

/** commander ends the process by itself unless each command is told to throw. */
function exitByThrowing(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
  return command;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandExit) return error.code;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`causeway: ${errorChain(error)}\n`);
  if (process.env.CAUSEWAY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof UsageFailure ? 2 : 1;
}

// Who reads our output may have read enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const program = await buildProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
