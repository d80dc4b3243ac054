import type { Command } from 'commander';
import { apiServerPort } from '../cluster-config.ts';
import { CommandExit } from '../failure.ts';
import { checkMachine, type Finding } from '../preflight.ts';
import { clusterOptions, examples } from './context.ts';

interface DoctorOptions {
  dataDir: string;
  isolated?: boolean;
  output: string;
}

export function addDoctorCommand(program: Command): void {
  clusterOptions(program.command('doctor'))
    .description('check the machine and show what mends each finding; changes nothing')
    .option('--isolated', 'check for an isolated cluster')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText('after', examples('sudo causeway doctor', 'sudo causeway doctor -o json'))
    .action(async (options: DoctorOptions) => {
      const { isolated = false, dataDir } = options;
      const findings = await checkMachine({ isolated, dataDir, apiPort: apiServerPort });
      process.stdout.write(
        options.output === 'json' ? `${JSON.stringify(findings, null, 2)}\n` : renderFindings(findings),
      );
      if (findings.some(finding => finding.state === 'fail')) throw new CommandExit(1);
    });
}

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

/** One line a finding, its remedy below where there is one. */
export function renderFindings(findings: Finding[]): string {
  const width = Math.max(...findings.map(finding => finding.check.length));
  return findings
    .map(({ state, check, message, remedy }) => {
      const line = ` ${marks[state]} ${check.padEnd(width)}  ${message}\n`;
      return remedy && state !== 'ok' ? `${line}   ${' '.repeat(width)}  → ${remedy}\n` : line;
    })
    .join('');
}
