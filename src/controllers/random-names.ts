import { randomInt } from 'node:crypto';

/** The letters of generated names: no vowels, so that no words come about, and nothing easily mistaken. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxNameLength = 63;

/** `web-` → `web-x7k2p`, cut to fit a DNS label, as the API server does with `generateName`. */
export function generateName(base: string, random: (below: number) => number = randomInt): string {
  let suffix = '';
  for (let i = 0; i < suffixLength; i++) suffix += alphabet[random(alphabet.length)];
  return base.slice(0, maxNameLength - suffixLength) + suffix;
}

/** Digits of a hash as letters of the same alphabet: kube-controller-manager's `SafeEncodeString`. */
export function safeEncode(text: string): string {
  let encoded = '';
  for (const char of text) encoded += alphabet[char.charCodeAt(0) % alphabet.length];
  return encoded;
}
