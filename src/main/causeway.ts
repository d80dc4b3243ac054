import { Command, CommanderError } from 'commander';
import { errorChain } from '../base/log.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { examples } from './commands/context.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDownCommands } from './commands/down.ts';
import { addEventsCommand } from './commands/events.ts';
import { addExecCommands } from './commands/exec.ts';
import { addGuideCommand } from './commands/guide.ts';
import { addImageCommands } from './commands/image.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addNodeCommands } from './commands/node.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { CommandExit, UsageFailure } from './failure.ts';
import { version } from './version.ts';

/** The command line. Exit codes: 0 done, 1 the system failed, 2 the user's words are off. */
function buildProgram(): Command {
  const program = new Command('causeway')
    .description('A real, Kubernetes-compatible cluster for this Linux machine.')
    .version(version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .addHelpText(
      'after',
      examples('sudo causeway up', 'causeway exec -- kubectl get nodes', 'sudo causeway delete'),
    );
  addUpCommand(program);
  addDownCommands(program);
  addStatusCommand(program);
  addExecCommands(program);
  addNodeCommands(program);
  addImageCommands(program);
  addBackupCommands(program);
  addLogsCommand(program);
  addEventsCommand(program);
  addDoctorCommand(program);
  addGuideCommand(program);
  addCompletionCommand(program);
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
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
