import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Guide, parseGuide } from '../../guide/document.ts';

const folder = new URL('../../../docs/guide/', import.meta.url);

/** The names of the guides in the order in which the README of the folder links them. */
export function guideNames(): string[] {
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  return [...readme.matchAll(/\]\(([a-z-]+)\.md\)/g)].map(match => match[1]!);
}

/** @throws GuideSyntaxError where the file does not follow the convention. */
export function readGuide(name: string): Guide {
  return parseGuide(`docs/guide/${name}.md`, readFileSync(new URL(`${name}.md`, folder), 'utf8'));
}

export const guideFolder = fileURLToPath(folder);
