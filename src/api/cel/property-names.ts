/** How properties are called in CEL whose names CEL could not read (k8s.io/apiserver/pkg/cel/escaping.go). */

const words = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
);

const symbols: Record<string, string> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** `foo-bar` → `foo__dash__bar`, `namespace` → `__namespace__`; undefined for what cannot be reached at all. */
export function escapeProperty(name: string): string | undefined {
  if (words.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  const escaped = name.replace(/__|[./-]/g, symbol => symbols[symbol]!);
  return /^[a-zA-Z_]/.test(escaped) ? escaped : undefined;
}
