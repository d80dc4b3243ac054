/** What an operation answers with. */
export function producedTypes(action: string, text: boolean): string[] {
  if (action === 'connect') return ['*/*'];
  if (text) return ['text/plain', 'application/json', 'application/yaml'];
  const types = ['application/json', 'application/yaml'];
  return action === 'list' ? [...types, 'application/json;stream=watch'] : types;
}
