import { randomInt, randomUUID } from 'node:crypto';

/** Where names and uids come from; tests hand in one that repeats itself. */
export interface Random {
  uuid(): string;
  /** A whole number from 0 up to but not including `below`. */
  integer(below: number): number;
}

export const systemRandom: Random = { uuid: () => randomUUID(), integer: below => randomInt(below) };

/** The same numbers for the same seed (a 32-bit xorshift; not for secrets). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const hex = () => next().toString(16).padStart(8, '0');
  return {
    integer: below => next() % below,
    uuid: () => {
      const digits = hex() + hex() + hex() + hex();
      return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
    },
  };
}

/** As apimachinery's names.SimpleNameGenerator: no vowels, nothing that looks like another sign. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxGeneratedLength = 63;

/** `web-` → `web-x7k2p`; a long base is cut so that the name stays a DNS label. */
export function generateName(base: string, random: Random): string {
  let suffix = '';
  for (let i = 0; i < suffixLength; i++) suffix += alphabet[random.integer(alphabet.length)];
  return base.slice(0, maxGeneratedLength - suffixLength) + suffix;
}
