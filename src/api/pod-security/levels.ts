import type { FieldError } from '../status.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A level of the Pod Security Standards as of a minor version: `baseline:v1.30`. */
export interface LevelVersion {
  level: Level;
  /** Minor version of 1.x; undefined is the latest. */
  minor: number | undefined;
}

/** What a namespace's labels ask for. */
export interface SecurityPolicy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

const prefix = 'pod-security.kubernetes.io/';
const levels = ['privileged', 'baseline', 'restricted'] as const;
const versionForm = /^v1\.(\d|[1-9]\d*)$/;
const open: LevelVersion = { level: 'privileged', minor: undefined };
const unlabelled: SecurityPolicy = { enforce: open, audit: open, warn: open };

/**
 * The policy of a namespace with these labels, and what is wrong with them. Of a label that cannot be read the
 * strictest is taken to enforce, and nothing to audit and to warn of.
 */
export function policyOf(labels: Readonly<Record<string, string>> | undefined): {
  policy: SecurityPolicy;
  errors: FieldError[];
} {
  const errors: FieldError[] = [];
  if (!labels || !Object.keys(labels).some(key => key.startsWith(prefix))) {
    return { policy: unlabelled, errors };
  }
  const invalid = (label: string, value: string, why: string) => {
    const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
    errors.push({ reason: 'FieldValueInvalid', field: `metadata.labels[${label}]`, message });
  };
  const read = (mode: keyof SecurityPolicy): LevelVersion => {
    const level = labels[prefix + mode];
    const version = labels[`${prefix}${mode}-version`];
    const result = { ...open };
    if (level !== undefined) {
      if (isLevel(level)) result.level = level;
      else {
        result.level = mode === 'enforce' ? 'restricted' : 'privileged';
        invalid(prefix + mode, level, `must be one of ${levels.join(', ')}`);
      }
    }
    const found = versionForm.exec(version ?? '');
    if (found) result.minor = Number(found[1]);
    else if (version !== undefined && version !== 'latest') {
      invalid(`${prefix}${mode}-version`, version, 'must be "latest" or "v1.x"');
    }
    return result;
  };
  return { policy: { enforce: read('enforce'), audit: read('audit'), warn: read('warn') }, errors };
}

function isLevel(text: string): text is Level {
  return (levels as readonly string[]).includes(text);
}

export function sameLevel(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.minor === b.minor;
}

/** Whether `a` allows less than `b`. */
export function isStricter(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b);
}

/** `restricted:latest` */
export function levelText({ level, minor }: LevelVersion): string {
  return `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`;
}
