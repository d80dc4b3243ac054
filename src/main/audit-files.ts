import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AuditPolicyError, parseAuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { type ClusterPaths, writeFileAtomically } from './cluster-config.ts';
import { UsageFailure } from './failure.ts';

/** The cluster's own copy of the policy, so that the server starts without the user's file. */
export function auditPolicyPath(paths: ClusterPaths): string {
  return join(paths.server, 'audit-policy.yaml');
}

/** @param server the process's name: each writes a log of its own. */
export function auditLogPath(paths: ClusterPaths, server: string): string {
  return join(paths.server, `${server.replace(/^server/, 'audit')}.log`);
}

/** The text of a policy that can be used. @throws UsageFailure */
export function readAuditPolicy(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    parseAuditPolicy(text);
    return text;
  } catch (error) {
    const why =
      error instanceof AuditPolicyError ? error.message : `it cannot be read: ${(error as Error).message}`;
    throw new UsageFailure(`--audit-policy ${file}: ${why}`);
  }
}

export function writeAuditPolicy(paths: ClusterPaths, text: string): void {
  const path = auditPolicyPath(paths);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileAtomically(path, text, 0o600);
}
