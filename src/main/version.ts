/** Causeway's own version; package.json says the same (a test compares). */
export const version = '0.1.0';
